/** How far a run is: a line that is written over on a terminal, a line now and then elsewhere. */
import type { PieceResult } from './piece-tally.ts';
import { grouped } from './summary.ts';

/** Where there is no terminal, in milliseconds. */
const LINE_INTERVAL = 30_000;

export class ProgressLine {
  readonly #pieceCount: number;
  readonly #running = new Map<string, number>();
  readonly #start = performance.now();
  #finishedCount = 0;
  #caseCount = 0;
  #failureCount = 0;
  #shownAt = performance.now();

  constructor(pieceCount: number, finished: readonly PieceResult[]) {
    this.#pieceCount = pieceCount;
    for (const result of finished) this.#add(result);
  }

  update({ gate, piece }: { gate: string; piece: number }, caseCount: number): void {
    this.#running.set(`${gate} ${piece}`, caseCount);
    this.#show(gate);
  }

  finish(result: PieceResult): void {
    this.#running.delete(`${result.gate} ${result.piece}`);
    this.#add(result);
    this.#show(result.gate);
  }

  end(): void {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
  }

  #add({ kinds, failureCount }: PieceResult): void {
    this.#finishedCount += 1;
    this.#failureCount += failureCount;
    for (const count of Object.values(kinds)) this.#caseCount += count;
  }

  #show(gate: string): void {
    const now = performance.now();
    const { isTTY } = process.stdout;
    if (!isTTY && now - this.#shownAt < LINE_INTERVAL) return;
    this.#shownAt = now;
    const running = [...this.#running.values()].reduce((sum, count) => sum + count, 0);
    const text = [
      `${grouped((now - this.#start) / 1000)} s`,
      `${this.#finishedCount} of ${this.#pieceCount} pieces`,
      `${grouped(this.#caseCount + running)} cases`,
      `${this.#failureCount} failures`,
      `now ${gate}`,
    ].join(', ');
    process.stdout.write(isTTY ? `\r${text}\u001b[K` : `${text}\n`);
  }
}
