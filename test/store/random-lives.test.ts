/** Random lives on disks that fail and fill up: every answer stays true. */
import { beforeAll, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { type LifeOptions, RandomLife } from '../support/random-life.ts';

beforeAll(() => checksumReady);

/** For longer runs: LIVES=5000 FIRST_SEED=1000 npx vitest run test/store/random-lives.test.ts */
const LIFE_COUNT = Number(process.env.LIVES ?? 60);
const FIRST_SEED = Number(process.env.FIRST_SEED ?? 1);

const LIVES: readonly { readonly on: string; readonly options: LifeOptions }[] = [
  { on: 'on a disk that fails', options: {} },
  { on: 'on a disk that fails and fills up', options: { isTight: true } },
  { on: 'without blocking calls', options: { isWaitingOnly: true } },
  {
    on: 'without blocking calls, on a disk that fills up',
    options: { isWaitingOnly: true, isTight: true },
  },
];

test.each(LIVES)(
  'random lives $on keep every answer true',
  async ({ options }) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + LIFE_COUNT; seed++) {
      const life = new RandomLife(seed, options);
      await life.live();
      expect(life.problems, `seed ${seed}`).toEqual([]);
    }
  },
  3_600_000,
);
