/**
 * Lives in which everything happens beside everything else, on disks that fail and fill up: the
 * random lives of `test/store/random-lives.test.ts`, by thousands.
 */
import { type LifeOptions, RandomLife } from '../../support/random-life.ts';
import type { Gate, Scale } from '../gate.ts';

const LIVES_PER_PIECE = 25;
const PIECES: { readonly [scale in Scale]: number } = { ci: 4, full: 60, long: 8000 };

const KINDS: readonly LifeOptions[] = [
  {},
  { isTight: true },
  { isWaitingOnly: true },
  { isWaitingOnly: true, isTight: true },
];

export const randomLives: Gate = {
  name: 'random-lives',
  promise: 'whatever happens at once, on disks that fail and fill up, every answer stays true',
  pieceCount: (scale) => PIECES[scale],
  async run(piece, _, tally) {
    const options = KINDS[piece % KINDS.length] as LifeOptions;
    const first = 1 + Math.floor(piece / KINDS.length) * LIVES_PER_PIECE + 1_000_000 * tally.seed;
    for (let seed = first; seed < first + LIVES_PER_PIECE; seed++) {
      const life = new RandomLife(seed, {
        ...options,
        onImage: (image) => {
          if (tally.isNew(image.digest())) tally.count('images');
        },
      });
      await life.live().catch((error: unknown) => life.problems.push(`it threw ${String(error)}`));
      tally.count('lives');
      for (const problem of life.problems) {
        tally.fail(problem, `new RandomLife(${seed}, ${JSON.stringify(options)})`);
      }
    }
  },
};
