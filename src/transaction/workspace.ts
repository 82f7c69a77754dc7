/**
 * What a transaction works on: the view that it began with, a draft over it in which its own writes
 * are applied already, so that reads see them by the ordinary path, and the delta to log.
 */

import { refusal } from '../store/commit-request.ts';
import { Draft, type State } from '../store/draft.ts';
import { encodeBodies, resolveWrites } from '../store/pending-write.ts';
import { TokenTable } from '../store/tokens.ts';
import type { UsageTable } from '../store/usage.ts';
import type { PendingClear, PendingPut, PendingRemove } from '../store/write-encoder.ts';
import { Delta } from './delta.ts';

/** Own writes have no number yet: `getEntry` gives this one. */
const NO_SEQUENCE = 0;

export class Workspace {
  readonly view: State;
  #draft: Draft;
  #delta: Delta;

  constructor(view: State, usage: UsageTable) {
    this.view = view;
    this.#draft = new Draft(view, { usage: usage.copy(), tokens: new TokenTable() });
    this.#delta = new Delta();
  }

  get draft(): Draft {
    return this.#draft;
  }

  get delta(): Delta {
    return this.#delta;
  }

  /** Throws LIMIT, MAP_ENCODING_MISMATCH, and what reading throws; nothing has changed then. */
  write(write: PendingPut | PendingRemove | PendingClear): void {
    const operations = resolveWrites([write], this.#draft.catalog);
    const fork = this.#draft.fork();
    if (operations.length > 0) {
      const commit = { sequence: NO_SEQUENCE, bodies: encodeBodies(operations) };
      try {
        fork.apply(commit);
      } catch (error) {
        throw refusal(error);
      }
    }
    this.#delta.add(write);
    this.#draft.absorb(fork);
  }

  /** What `restore` takes: the workspace as it is now. */
  save(): SavedWork {
    return { draft: this.#draft.copy(), delta: this.#delta.fork() };
  }

  restore({ draft, delta }: SavedWork): void {
    this.#draft = draft.copy();
    this.#delta = delta.fork();
  }
}

export interface SavedWork {
  readonly draft: Draft;
  readonly delta: Delta;
}
