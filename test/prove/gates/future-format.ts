/** Files with something of a version to come: refused by that name or read, as the format page says. */
import { Store } from '../../../src/index.ts';
import { useSeededHost } from '../../support/seeded.ts';
import { judgeNewer } from '../future/judge.ts';
import { newerStores } from '../future/newer-files.ts';
import type { Gate } from '../gate.ts';
import { goldenStores } from '../rot/golden-stores.ts';

/** At the scale `ci` every so many of the cases. */
const CI_STEP = 20;

export const futureFormat: Gate = {
  name: 'future-format',
  promise: 'what a newer version wrote is refused as that or read, never damage, never touched',
  pieceCount: () => 1,
  async run(_piece, scale, tally) {
    const stores = await goldenStores();
    useSeededHost(1);
    const open = Store.openSync.bind(Store);
    for (const store of stores) {
      for (const [number, newer] of newerStores(store).entries()) {
        if (scale === 'ci' && number % CI_STEP !== tally.seed % CI_STEP) continue;
        tally.count(newer.kind);
        try {
          judgeNewer(store, newer, open);
        } catch (error) {
          tally.fail(`"${store.name}", ${newer.text}: ${String(error)}`, `case ${number}`);
        }
      }
    }
  },
};
