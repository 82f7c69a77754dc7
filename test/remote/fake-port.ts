/** Two ends of a channel in one thread, which hands on whatever it is given, and can be cut. */
import type { WebPort } from '../../src/remote/index.ts';
import { type Request, writeHeading, writeRequest } from '../../src/remote/protocol.ts';
import { Sink } from '../../src/remote/wire.ts';

type Listener = (event: unknown) => void;

export class FakePort implements WebPort {
  other: FakePort | undefined;
  /** Everything that came in, in order. */
  readonly received: unknown[] = [];
  /** What a listener threw: nothing ever should. */
  readonly thrown: unknown[] = [];
  onReceive: () => void = () => undefined;
  readonly #listeners = new Map<string, Set<Listener>>();
  #isCut = false;

  postMessage(message: unknown): void {
    const { other } = this;
    queueMicrotask(() => other?.deliver(message));
  }

  deliver(message: unknown): void {
    if (this.#isCut) return;
    this.received.push(message);
    this.onReceive();
    if (this.#isCut) return;
    this.#fire('message', { data: message });
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
    this.cut();
    const { other } = this;
    queueMicrotask(() => other?.cut('told'));
  }

  /** Nothing comes through any more. */
  cut(how: 'silently' | 'told' = 'silently'): void {
    if (this.#isCut) return;
    this.#isCut = true;
    if (how === 'told') this.tellClosed();
  }

  tellClosed(): void {
    this.#fire('close', {});
  }

  #fire(type: string, event: unknown): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        this.thrown.push(error);
      }
    }
  }
}

export function portPair(): { readonly owner: FakePort; readonly client: FakePort } {
  const [owner, client] = [new FakePort(), new FakePort()];
  owner.other = client;
  client.other = owner;
  return { owner, client };
}

/** A message as a client would send it, of whatever requests. */
export function message(requests: readonly Request[], received = 0): Uint8Array {
  const sink = new Sink();
  writeHeading(sink, received);
  for (const request of requests) writeRequest(sink, request);
  return sink.take();
}

/** Lets everything that is under way in memory come to an end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
