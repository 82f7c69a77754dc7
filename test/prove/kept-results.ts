/**
 * The results of finished pieces, in a directory: `GATE-PIECE.json`, and beside it the digests of
 * its distinct cases. A result is there when its .json is, which is renamed into place last.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PieceResult } from './piece-tally.ts';

export class KeptResults {
  readonly directory: string;

  /** What was kept of other sources than those with this `fingerprint` is forgotten. */
  constructor(directory: string, fingerprint: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'fingerprint');
    if (existsSync(file) && readFileSync(file, 'utf8') === fingerprint) return;
    this.#forgetAll();
    writeFileSync(file, fingerprint);
  }

  find(gate: string, piece: number): PieceResult | undefined {
    const path = this.#path(gate, piece, 'json');
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  }

  forget(gate: string, piece: number): void {
    for (const kind of ['json', 'digests'] as const) {
      rmSync(this.#path(gate, piece, kind), { force: true });
    }
  }

  keep(result: PieceResult, digests: BigUint64Array): void {
    const { gate, piece } = result;
    writeFileSync(this.#path(gate, piece, 'digests'), new Uint8Array(digests.buffer));
    const path = this.#path(gate, piece, 'json');
    writeFileSync(`${path}.new`, JSON.stringify(result));
    renameSync(`${path}.new`, path);
  }

  /** How many different cases these pieces of a gate had together. */
  distinctCount(gate: string, pieces: readonly number[]): number {
    const parts = pieces.map((piece) => this.#digests(gate, piece));
    const all = new BigUint64Array(parts.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const part of parts) {
      all.set(part, end);
      end += part.length;
    }
    all.sort();
    return all.reduce((count, digest, index) => count + Number(digest !== all[index - 1]), 0);
  }

  #digests(gate: string, piece: number): BigUint64Array {
    const path = this.#path(gate, piece, 'digests');
    if (!existsSync(path)) return new BigUint64Array();
    return new BigUint64Array(new Uint8Array(readFileSync(path)).buffer);
  }

  #path(gate: string, piece: number, kind: 'json' | 'digests'): string {
    return join(this.directory, `${gate}-${piece}.${kind}`);
  }

  #forgetAll(): void {
    for (const name of readdirSync(this.directory)) rmSync(join(this.directory, name));
  }
}
