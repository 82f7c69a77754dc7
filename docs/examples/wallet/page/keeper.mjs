// @ts-check
/** Keeps the worker that has the store: starts it, connects to it, kills it. */
import { connect } from 'onewal/remote';
import { openBank } from './money/bank.mjs';

/** @import { CommitEvent } from 'onewal' */
/** @import { WalContent } from 'onewal/inspect' */
/** @import { Bank } from './money/bank.mjs' */

/** @typedef {{ readonly isOpen: boolean, readonly code?: string, readonly message?: string }} Opened */
/** @typedef {{ readonly wals?: WalContent[], readonly message?: string }} WalAnswer */

const NOT_OPEN = 'The wallet is not open: load this page again.';
const COMMITS_HEARD_MAX = 500;

export class Keeper {
  /** What became of the store: 'opening', 'open', 'killed', 'closed'. @type {(state: string) => void} */
  onState = () => undefined;
  /** Of each commit that was heard of, by its sequence id. @type {Map<number, CommitEvent['changes']>} */
  heard = new Map();
  /** @type {Bank | undefined} */
  #bank;
  /** @type {Worker | undefined} */
  #worker;
  /** @type {MessagePort | undefined} */
  #walPort;
  /** @type {MessagePort | undefined} */
  #storePort;

  get bank() {
    if (this.#bank === undefined) throw new Error(NOT_OPEN);
    return this.#bank;
  }

  /** Starts a worker, and waits until it has the store. Throws an Error with the `code` of the store. */
  async open() {
    this.onState('opening');
    this.#worker = new Worker(`/owner.mjs${location.search}`, { type: 'module' });
    try {
      await this.#connect(this.#worker);
    } catch (error) {
      this.#end('closed');
      throw error;
    }
    this.onState('open');
  }

  /** In the middle of whatever it does: no message is answered, nothing is closed. */
  kill() {
    this.#end('killed');
  }

  /** @param {'killed' | 'closed'} state */
  #end(state) {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#bank = undefined;
    this.#storePort?.close();
    this.#walPort?.close();
    this.#walPort = undefined;
    this.onState(state);
  }

  /** @returns {Promise<WalContent[]>} oldest first */
  readWals() {
    const port = this.#walPort;
    return new Promise((resolve, reject) => {
      if (port === undefined) throw new Error(NOT_OPEN);
      port.onmessage = ({ data }) => {
        const { wals, message } = /** @type {WalAnswer} */ (data);
        if (wals === undefined) reject(new Error(message));
        else resolve(wals);
      };
      port.postMessage('read');
    });
  }

  /** @param {Worker} worker */
  async #connect(worker) {
    const [toStore, toWals] = [new MessageChannel(), new MessageChannel()];
    const opened = openedBy(worker);
    const ports = { storePort: toStore.port2, walPort: toWals.port2 };
    worker.postMessage(ports, [ports.storePort, ports.walPort]);
    await opened;
    const store = await connect(toStore.port1);
    this.#bank = openBank(store);
    this.#storePort = toStore.port1;
    this.#walPort = toWals.port1;
    await store.on('commit', (event) => this.#hear(event));
    // A page that slept is taken for gone; the worker still has the store.
    store.closed.then(() => this.#connectAgain(worker));
  }

  /** @param {Worker} worker */
  async #connectAgain(worker) {
    if (worker !== this.#worker) return;
    this.onState('opening');
    try {
      await this.#connect(worker);
      this.onState('open');
    } catch {
      // What is clicked next says why.
      this.#end('closed');
    }
  }

  /** @param {CommitEvent} event */
  #hear({ sequence, changes }) {
    this.heard.set(sequence, changes);
    const [oldest] = this.heard.keys();
    if (this.heard.size > COMMITS_HEARD_MAX && oldest !== undefined) this.heard.delete(oldest);
  }
}

/**
 * @param {Worker} worker
 * @returns {Promise<void>}
 */
function openedBy(worker) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      const { isOpen, code, message } = /** @type {Opened} */ (data);
      if (isOpen) resolve();
      else reject(Object.assign(new Error(message), { code }));
    };
    worker.onerror = ({ message }) => reject(new Error(message || 'the worker does not start'));
  });
}
