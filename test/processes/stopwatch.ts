/** Durations as a tally can carry them: how many were how short. */
import type { Tally } from '../prove/gate.ts';

const BOUNDS = [20, 50, 100, 200, 500, 1000, 5000];

export function countDuration(tally: Tally, what: string, milliseconds: number): void {
  const bound = BOUNDS.find((each) => milliseconds < each);
  tally.count(bound === undefined ? `${what}, longer` : `${what}, under ${bound} ms`);
}
