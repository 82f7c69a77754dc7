/** How far a long command is, on a terminal; silent anywhere else. */
import type { Terminal } from './command.ts';

const WIDTH = 40;

export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #total: number;
  #done = 0;
  #shownPercent = -1;

  constructor(terminal: Terminal, total: number) {
    this.#terminal = terminal;
    this.#total = total;
  }

  get done(): number {
    return this.#done;
  }

  advance(): void {
    this.#done++;
    if (this.#terminal.isTTY !== true) return;
    const percent = Math.floor((100 * this.#done) / Math.max(1, this.#total));
    if (percent === this.#shownPercent) return;
    this.#shownPercent = percent;
    const filled = Math.min(WIDTH, Math.floor((WIDTH * percent) / 100));
    const bar = '='.repeat(filled).padEnd(WIDTH);
    this.#terminal.write(`\r[${bar}] ${percent}% ${this.#done}/${this.#total}`);
  }

  /** Wipes the bar away, so that what comes next has the line. */
  finish(): void {
    if (this.#terminal.isTTY === true && this.#shownPercent >= 0)
      this.#terminal.write('\r\u001b[K');
  }
}
