// @ts-check
/** Starts workers, gives them orders, and ends those that take too much time or memory. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { computedMs, groupMemory, stopGroup } from '../bounds.mjs';

/**
 * @typedef {object} Built
 * @property {readonly { test: string, path: string }[]} files
 * @property {string} switchPath
 */
/** @typedef {{ kind: string, [name: string]: any }} Message */

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
const HEAP_MIB_MAX = 768;
const MEMORY_SIZE_MAX = 1.5 * 2 ** 30;
const LOOK_MS = 100;
const START_MS_MAX = 30_000;
/** Who has computed next to nothing for so long waits for something that never comes. */
const IDLE_MS_MAX = 4_000;
const IDLE_COMPUTED_MS = 30;
/** Where the host does not say what a process has computed. */
const CLOCK_PER_COMPUTED = 4;

/** @type {Set<number>} */
const running = new Set();
process.once('exit', () => {
  for (const pid of running) stopGroup(pid);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

export class Worker {
  #child;
  #bound = '';
  #timer = new Timer(0);
  #limit = Number.POSITIVE_INFINITY;
  /** @type {((message: Message) => void) | undefined} */
  #listener;

  /** @param {Built} built @param {string} root @param {number} mutant Is there from the start on. */
  constructor(built, root, mutant = 0) {
    const plan = JSON.stringify({ ...built, mutant });
    this.#child = fork(WORKER, [plan], {
      cwd: root,
      detached: true,
      execArgv: [`--max-old-space-size=${HEAP_MIB_MAX}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const { pid = 0 } = this.#child;
    running.add(pid);
    const look = setInterval(() => this.#look(pid), LOOK_MS);
    this.#child.on('message', (message) => this.#listener?.(/** @type {Message} */ (message)));
    this.#child.on('exit', () => {
      clearInterval(look);
      running.delete(pid);
      stopGroup(pid);
      this.#listener?.({ kind: 'ended', bound: this.#bound || 'it ends the process' });
    });
  }

  /** @param {number} pid */
  #look(pid) {
    if (this.#limit !== Number.POSITIVE_INFINITY && this.#timer.isOver(this.#limit)) {
      this.#stop(pid, 'it never ends');
    } else if (groupMemory(pid) > MEMORY_SIZE_MAX) {
      this.#stop(pid, 'it takes all memory');
    }
  }

  /** @param {number} milliseconds From now on. */
  #within(milliseconds) {
    this.#timer = new Timer(this.#child.pid ?? 0);
    this.#limit = milliseconds;
  }

  /** @param {number} pid @param {string} bound */
  #stop(pid, bound) {
    this.#bound ||= bound;
    stopGroup(pid);
  }

  /** What is in the bundle. @returns {Promise<Message>} */
  ready() {
    this.#within(START_MS_MAX);
    return this.#until(['ready', 'ended']);
  }

  /**
   * @param {import('./worker.mjs').Order} order
   * @param {(name: string) => number} millisecondsOf How long a test may take.
   * @param {(message: Message) => void} [onRan]
   * @returns {Promise<Message>}
   */
  async run(order, millisecondsOf, onRan) {
    this.#child.send(order);
    let name = '';
    const end = await this.#until(['killed', 'survived', 'ended'], (message) => {
      if (message.kind === 'ran') onRan?.(message);
      if (message.kind !== 'started') return;
      name = message.name;
      this.#within(millisecondsOf(name));
    });
    this.#limit = Number.POSITIVE_INFINITY;
    return end.kind === 'ended' ? { ...end, name } : end;
  }

  /** @param {readonly string[]} kinds @param {(message: Message) => void} [onOther] @returns {Promise<Message>} */
  #until(kinds, onOther) {
    return new Promise((resolve) => {
      this.#listener = (message) => {
        if (kinds.includes(message.kind)) resolve(message);
        else onOther?.(message);
      };
    });
  }

  end() {
    this.#listener = undefined;
    stopGroup(this.#child.pid);
  }
}

/** What a process has computed since a moment, and for how long it has not. */
class Timer {
  #pid;
  #computedBefore;
  #start = performance.now();
  #lastMove = { at: this.#start, computed: 0 };

  /** @param {number} pid */
  constructor(pid) {
    this.#pid = pid;
    this.#computedBefore = computedMs(pid);
  }

  /** @param {number} limit In milliseconds. */
  isOver(limit) {
    const computed = computedMs(this.#pid);
    const now = performance.now();
    if (computed === undefined || this.#computedBefore === undefined) {
      return now - this.#start > limit * CLOCK_PER_COMPUTED;
    }
    const spent = computed - this.#computedBefore;
    if (spent - this.#lastMove.computed > IDLE_COMPUTED_MS) {
      this.#lastMove = { at: now, computed: spent };
    }
    return spent > limit || now - this.#lastMove.at > IDLE_MS_MAX;
  }
}
