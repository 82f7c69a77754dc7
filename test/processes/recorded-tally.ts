/** A tally for the tests of gates: what was counted, and what was found to be false. */
import type { Tally } from '../prove/gate.ts';

export class RecordedTally implements Tally {
  readonly seed = 0;
  readonly kinds = new Map<string, number>();
  readonly failures: string[] = [];

  isNew(): boolean {
    return true;
  }

  count(kind: string, count = 1): void {
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + count);
  }

  fail(message: string): void {
    this.failures.push(message);
  }

  /** How much was counted under names that begin so. */
  sum(prefix: string): number {
    const counts = [...this.kinds].filter(([kind]) => kind.startsWith(prefix));
    return counts.reduce((sum, [, count]) => sum + count, 0);
  }
}
