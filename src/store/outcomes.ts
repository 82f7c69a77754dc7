/** What has become of the commits that carry a token. */
import { toHex } from '../bytes/bytes.ts';
import { OnewalError } from '../errors.ts';
import type { WalWriter } from '../wal/wal-writer.ts';
import type { CommitRequest } from './commit-request.ts';

/** 'unknown' from the submission until the commit is settled, and while it is in doubt. */
export type Outcome = 'committed' | 'absent' | 'unknown';

type Answer = Pick<CommitRequest, 'resolve' | 'reject'>;

export class Outcomes {
  readonly #submitted = new Map<string, number>();
  /** With the generation that may hold the commit: as soon as another one goes on, it is left out. */
  readonly #inDoubt = new Map<string, number | undefined>();
  readonly #generation: () => number | undefined;

  constructor(writer: () => WalWriter | undefined) {
    this.#generation = () => writer()?.header.generation;
  }

  /** Notes the token as submitted, until the answer that it returns is given. */
  watch(token: Uint8Array, answer: Answer): Answer {
    const hex = toHex(token);
    this.#submitted.set(hex, (this.#submitted.get(hex) ?? 0) + 1);
    return {
      resolve: (commit) => {
        this.#settle(hex);
        answer.resolve(commit);
      },
      reject: (error) => {
        this.#settle(hex);
        const isInDoubt = error instanceof OnewalError && error.committed === 'unknown';
        if (isInDoubt) this.#inDoubt.set(hex, this.#generation());
        answer.reject(error);
      },
    };
  }

  /** Of a token that is in no commit that is visible. */
  of(token: Uint8Array): 'absent' | 'unknown' {
    const hex = toHex(token);
    if (this.#submitted.has(hex)) return 'unknown';
    if (!this.#inDoubt.has(hex)) return 'absent';
    if (this.#inDoubt.get(hex) === this.#generation()) return 'unknown';
    this.#inDoubt.delete(hex);
    return 'absent';
  }

  #settle(hex: string): void {
    const count = (this.#submitted.get(hex) ?? 0) - 1;
    if (count > 0) this.#submitted.set(hex, count);
    else this.#submitted.delete(hex);
  }
}
