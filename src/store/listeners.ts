/**
 * Who wants to hear of what happens in the store. They are called in the order in which they came;
 * what they throw is handed on, and changes nothing else.
 */
import { UsageError } from '../errors.ts';
import type { StoreEvent } from '../options.ts';
import type { Change, RawChange } from './change.ts';

/** A commit has become visible. */
export interface CommitEvent {
  readonly type: 'commit';
  readonly message: string;
  readonly sequence: number;
  /** In the order in which they were applied; what changed nothing is not among them. */
  readonly changes: readonly Change[];
}

/** The same, for who hands the bytes on: they are the store's, and are to be copied at once. */
export interface EncodedCommitEvent {
  readonly type: 'encoded commit';
  readonly sequence: number;
  readonly changes: readonly RawChange[];
}

export type AnyEvent = StoreEvent | CommitEvent | EncodedCommitEvent;
export type EventType = AnyEvent['type'];
export type Listener = (event: AnyEvent) => void;

export class Listeners {
  readonly #listeners = new Map<EventType, Set<{ readonly call: Listener }>>();
  readonly #onFailure: (error: unknown, event: AnyEvent) => void;
  #depth = 0;

  constructor(onFailure: (error: unknown, event: AnyEvent) => void) {
    this.#onFailure = onFailure;
  }

  /** Returns what takes the listener away again. */
  add(type: EventType, call: Listener): () => void {
    const known = this.#listeners.get(type) ?? new Set();
    const entry = { call };
    known.add(entry);
    this.#listeners.set(type, known);
    return () => {
      known.delete(entry);
    };
  }

  has(type: EventType): boolean {
    return (this.#listeners.get(type)?.size ?? 0) > 0;
  }

  get areCommitsHeard(): boolean {
    return this.has('commit') || this.has('encoded commit');
  }

  fire(event: AnyEvent): void {
    this.#depth++;
    try {
      for (const { call } of [...(this.#listeners.get(event.type) ?? [])]) {
        this.#callOne(call, event);
      }
    } finally {
      this.#depth--;
    }
  }

  /** Throws IN_LISTENER: blocking work would run within the step that a listener is told of. */
  requireOutside(): void {
    if (this.#depth === 0) return;
    throw new UsageError(
      'IN_LISTENER',
      'a listener of an event cannot block: use the method that returns a promise',
      { committed: 'no' },
    );
  }

  #callOne(call: Listener, event: AnyEvent): void {
    try {
      call(event);
    } catch (error) {
      this.#onFailure(error, event);
    }
  }
}
