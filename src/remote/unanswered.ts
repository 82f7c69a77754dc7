/** The requests of one client that are not answered yet, and what is kept of them until then. */
import type { Limits } from './policy.ts';
import { overloaded } from './refusal.ts';

export class Unanswered {
  readonly #limits: Limits;
  readonly #sizes = new Map<number, number>();
  #bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#sizes.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws OVERLOADED, with nothing added. */
  add(id: number, size: number): void {
    const { pending } = this.#limits;
    if (this.count >= pending) {
      throw overloaded(`${pending} requests are not answered yet: wait for some`);
    }
    this.grow(id, size);
  }

  /** When more is kept of the request than it had in its message. Throws OVERLOADED. */
  grow(id: number, size: number): void {
    const { pendingBytes } = this.#limits;
    const own = this.#sizes.get(id) ?? 0;
    // One alone is bounded by what a message and a commit may be.
    if (this.#bytes > own && this.#bytes + size > pendingBytes) {
      throw overloaded(`${pendingBytes} bytes of requests are not answered yet: wait for some`);
    }
    this.#sizes.set(id, own + size);
    this.#bytes += size;
  }

  /** What was never added is fine. */
  remove(id: number): void {
    this.#bytes -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
  }
}
