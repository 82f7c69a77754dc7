/**
 * Transactions beside each other: those that commit were shown what they would have been shown one
 * behind the other, and every crash leaves the state behind one of the commits.
 */
import { Store } from '../../../src/index.ts';
import { useSeededHost } from '../../support/seeded.ts';
import type { Gate, Scale, Tally } from '../gate.ts';
import { crashImages, killImage } from '../lives/crash-image.ts';
import { type Cut, contentOf, mapsOf, TransactionLife } from '../lives/transaction-life.ts';

interface Plan {
  readonly pieces: number;
  readonly images: number;
}

const PLANS: { readonly [scale in Scale]: Plan } = {
  ci: { pieces: 4, images: 4 },
  full: { pieces: 40, images: 12 },
  long: { pieces: 4000, images: 16 },
};

const LIVES_PER_PIECE = 20;
const TURN_COUNT = 220;
/** In all lives of a piece: who refuses everybody shows nobody anything false. */
const COMMIT_COUNT_MIN = 100;

export const transactions: Gate = {
  name: 'transactions',
  promise: 'transactions beside each other come to the same as one behind the other, crash or not',
  pieceCount: (scale) => PLANS[scale].pieces,
  async run(piece, scale, tally) {
    const first = 1 + piece * LIVES_PER_PIECE + 1_000_000 * tally.seed;
    let commitCount = 0;
    for (let seed = first; seed < first + LIVES_PER_PIECE; seed++) {
      useSeededHost(seed);
      const life = new TransactionLife(seed);
      const states = await life.live(TURN_COUNT);
      tally.count('lives');
      commitCount += life.commitCount;
      for (const problem of life.problems) tally.fail(problem, `new TransactionLife(${seed})`);
      const imageCountMax = PLANS[scale].images;
      for (const cut of life.cuts) await inspectCut(cut, { seed, states, imageCountMax, tally });
    }
    if (commitCount < COMMIT_COUNT_MIN)
      tally.fail(`${commitCount} transactions got through`, 'all');
  },
};

interface Inspection {
  readonly seed: number;
  readonly states: readonly string[];
  readonly imageCountMax: number;
  readonly tally: Tally;
}

async function inspectCut(
  { disk, how, acknowledged }: Cut,
  { seed, states, imageCountMax, tally }: Inspection,
): Promise<void> {
  const images =
    how === 'kill' ? [killImage(disk)] : crashImages(disk, { countMax: imageCountMax, seed });
  for (const image of images) {
    if (image.how !== how) continue;
    if (!tally.isNew(`${acknowledged} ${image.digest}`)) continue;
    tally.count(how === 'kill' ? 'images of a kill' : 'images of a power cut');
    const store = await Store.open(image.make());
    const { sequence } = store.info;
    const isRight = sequence >= acknowledged && contentOf(mapsOf(store)) === states[sequence];
    if (!isRight) {
      const message = `is at commit ${sequence} of ${acknowledged} acknowledged, or holds another state`;
      tally.fail(message, `new TransactionLife(${seed}); ${how}; image ${image.digest}`);
    }
    await store.close();
  }
}
