/** Both sides of every limit there is, on a store that holds something already. */
import { Store } from '../../../src/index.ts';
import { useSeededHost } from '../../support/seeded.ts';
import type { Gate, Scale } from '../gate.ts';
import { OPEN_LIMITS, WRITE_LIMITS } from '../limits/boundaries.ts';
import { judgeGenerations, judgeOpenLimit, judgeWriteLimit } from '../limits/judge.ts';
import { goldenStores } from '../rot/golden-stores.ts';

const SCALES: readonly Scale[] = ['ci', 'full', 'long'];

export const limits: Gate = {
  name: 'limits',
  promise:
    'the last value a limit allows is stored; the first above it is refused and changes nothing',
  pieceCount: () => 1,
  async run(_piece, scale, tally) {
    const stores = (await goldenStores()).filter(({ name }) => name !== 'parts' && name !== 'loss');
    useSeededHost(2);
    const open = Store.openSync.bind(Store);
    const judge = (kind: string, name: string, run: () => void) => {
      // The last value, and the first above it.
      tally.count(kind, 2);
      try {
        run();
      } catch (error) {
        tally.fail(`${name}: ${String(error)}`, name);
      }
    };
    for (const { name: store, files } of stores) {
      for (const limit of WRITE_LIMITS) {
        if (SCALES.indexOf(limit.scale ?? 'ci') > SCALES.indexOf(scale)) continue;
        judge('limit of a write', `${limit.name}, "${store}"`, () => {
          judgeWriteLimit(limit, files, open);
        });
      }
      for (const limit of OPEN_LIMITS) {
        judge('limit of an option', `${limit.name}, "${store}"`, () => {
          judgeOpenLimit(limit, files, open);
        });
      }
      judge('generations', `generations, "${store}"`, () => judgeGenerations(files, open));
    }
  },
};
