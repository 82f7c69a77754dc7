/**
 * Which commits carried which tokens: the last ones, in the order of the commits. Like the usage, a
 * table may lie over another one, which absorbs it when what it says has come true.
 */
import { fromHex, toHex } from '../bytes/bytes.ts';
import type { SnapshotToken } from '../snapshot/footer.ts';

/** So many are known at least. Part of the format, which bounds what a footer holds. */
export const TOKEN_COUNT_KEPT = 10_000;

export class TokenTable {
  readonly #beneath: TokenTable | undefined;
  /** By the token in hex. */
  #sequences: Map<string, number> | undefined;

  constructor(beneath?: TokenTable) {
    this.#beneath = beneath;
  }

  /** Of the commit that carried it; undefined where none of those that are known did. */
  sequenceOf(token: Uint8Array): number | undefined {
    return this.#find(toHex(token));
  }

  add(token: Uint8Array, sequence: number): void {
    this.#add(toHex(token), sequence);
  }

  /** Takes over what `above`, a table over this one, has added, and forgets the oldest. */
  absorb(above: TokenTable): void {
    for (const [token, sequence] of above.#sequences ?? []) this.#add(token, sequence);
    if (this.#beneath === undefined) this.#forgetOldest();
  }

  /** Oldest first. Requires: lies over no other one. */
  list(): SnapshotToken[] {
    return Array.from(this.#sequences ?? [], ([token, sequence]) => ({
      token: fromHex(token) as Uint8Array,
      sequence,
    }));
  }

  #find(token: string): number | undefined {
    const own = this.#sequences?.get(token);
    if (own !== undefined || this.#beneath === undefined) return own;
    return this.#beneath.#find(token);
  }

  #add(token: string, sequence: number): void {
    this.#sequences ??= new Map();
    this.#sequences.delete(token);
    this.#sequences.set(token, sequence);
  }

  #forgetOldest(): void {
    const tokens = this.#sequences;
    if (tokens === undefined) return;
    for (const token of tokens.keys()) {
      if (tokens.size <= TOKEN_COUNT_KEPT) return;
      tokens.delete(token);
    }
  }
}
