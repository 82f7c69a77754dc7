/**
 * A port out of a channel that reaches whoever has joined it under its name, and that nobody else but
 * two tabs know. What is sent before the other end has joined is kept until it has.
 *
 * Byte strings are for who uses the port; texts are its own. A tab in the background has few timers,
 * but answers at once: so each end asks when it has heard nothing, and who does not answer is gone.
 */
import type { Environment } from '../store/environment.ts';
import type { WebPort } from './port.ts';

/** `BroadcastChannel`, of the web and of Node; a `MessagePort`. */
export interface TabChannel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  start?(): void;
  close(): void;
}

type Listener = (event: unknown) => void;

/** How often an end is asked before it is given up. */
const TICK_COUNT = 4;

export class PairPort implements WebPort {
  readonly #channel: TabChannel;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #tick: () => void;
  #early: unknown[] | undefined = [];
  #stopTimer: () => void = () => undefined;
  #silentTicks = 0;
  #isOpen = true;

  /** `silence`: milliseconds; 0 for a port that waits for ever. */
  constructor(parts: {
    readonly channel: TabChannel;
    readonly silence: number;
    readonly timer: Environment['timer'];
  }) {
    const { channel, silence, timer } = parts;
    this.#channel = channel;
    this.#tick = () => {
      if (silence === 0) return;
      this.#stopTimer = timer(Math.ceil(silence / TICK_COUNT), () => this.#listen());
    };
    channel.addEventListener('message', ({ data }) => this.#receive(data));
    channel.start?.();
    channel.postMessage('ask');
    this.#tick();
  }

  postMessage(message: unknown): void {
    if (!this.#isOpen) return;
    if (this.#early === undefined) this.#channel.postMessage(message);
    else this.#early.push(message);
  }

  addEventListener(type: string, listener: Listener): void {
    const known = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, known.add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  start(): void {}

  close(): void {
    if (!this.#isOpen) return;
    this.#channel.postMessage('gone');
    this.#end();
  }

  #receive(message: unknown): void {
    if (!this.#isOpen) return;
    this.#silentTicks = 0;
    this.#sendEarly();
    if (message === 'ask') this.#channel.postMessage('here');
    else if (message === 'gone') this.#fail();
    else if (message !== 'here') this.#fire('message', { data: message });
  }

  #sendEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.#channel.postMessage(message);
  }

  #listen(): void {
    if (!this.#isOpen) return;
    if (this.#silentTicks++ >= TICK_COUNT) {
      this.#fail();
      return;
    }
    if (this.#silentTicks > 1 || this.#early !== undefined) this.#channel.postMessage('ask');
    this.#tick();
  }

  #fail(): void {
    this.#end();
    this.#fire('close', {});
  }

  #end(): void {
    this.#isOpen = false;
    this.#stopTimer();
    this.#channel.close();
  }

  #fire(type: string, event: unknown): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(event);
  }
}
