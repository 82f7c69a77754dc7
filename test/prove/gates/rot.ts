/**
 * Golden stores with every bit flipped, every length cut to, sectors zeroed, frames and files moved:
 * the same state, or a documented error, or less with a report of it. test/prove/rot/ says what was
 * damaged and what may come of it.
 */
import { Store } from '../../../src/index.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { useSeededHost } from '../../support/seeded.ts';
import type { Gate, Scale, Tally } from '../gate.ts';
import { checkDamage } from '../rot/check.ts';
import type { Family } from '../rot/damage.ts';
import { familiesOf, pairsOf } from '../rot/damages.ts';
import { type GoldenStore, goldenStores } from '../rot/golden-stores.ts';
import { FOREIGN_KIND, swappedFiles } from '../rot/moved-files.ts';
import { changesOf } from '../rot/plain-files.ts';

const PIECES: Readonly<Record<Scale, number>> = { ci: 4, full: 96, long: 192 };
const PAIR_COUNTS: Readonly<Record<Scale, number>> = { ci: 400, full: 4000, long: 100_000 };
/** Cases of a family in one piece, where only a sample is taken. */
const SAMPLE_SIZE = 2;

/** The cases of a family in one store. */
interface Field {
  readonly store: GoldenStore;
  readonly family: Family;
  readonly isSingle: boolean;
}

export const rot: Gate = {
  name: 'rot',
  promise: 'whatever bit, sector, frame or file rots: the same data, or an error that says so',
  pieceCount: (scale) => PIECES[scale],
  async run(piece, scale, tally) {
    const fields = await fieldsOf(scale);
    useSeededHost(piece);
    Error.stackTraceLimit = 3;
    for (const [number, field] of fields.entries()) {
      for (const index of indexesOf(field.family, { piece, scale, number, seed: tally.seed })) {
        await runCase(field, { index, isThorough: scale === 'long' }, tally);
      }
    }
  },
};

async function fieldsOf(scale: Scale): Promise<Field[]> {
  const stores = await goldenStores();
  return stores.flatMap((store) => {
    const others = stores.filter((other) => other !== store);
    const families = familiesOf(store, others, scale === 'long' ? 'every bit' : 'one bit a byte');
    // Where one's own WAL is gone, the WAL of another store is that of a store.
    const own = families.filter(({ kind }) => kind !== FOREIGN_KIND);
    const pairs = pairsOf(store, own, PAIR_COUNTS[scale]);
    return [
      ...families.map((family) => ({ store, family, isSingle: true })),
      { store, family: swappedFiles(store), isSingle: false },
      { store, family: pairs, isSingle: false },
    ];
  });
}

/** All pieces together are all of a family; at the scale `ci` a sample of it. */
function* indexesOf(
  { count }: Family,
  place: { piece: number; scale: Scale; number: number; seed: number },
): Generator<number> {
  const { piece, scale, number, seed } = place;
  if (scale === 'ci') {
    const random = new SeededRandom(seed * 31 + piece * 1009 + number);
    for (let i = 0; i < Math.min(SAMPLE_SIZE, count); i++) yield random.below(count);
    return;
  }
  const start = Math.floor((count * piece) / PIECES[scale]);
  const end = Math.floor((count * (piece + 1)) / PIECES[scale]);
  for (let index = start; index < end; index++) yield index;
}

async function runCase(
  { store, family, isSingle }: Field,
  { index, isThorough }: { readonly index: number; readonly isThorough: boolean },
  tally: Tally,
): Promise<void> {
  const damage = family.at(index);
  if (!tally.isNew(`${store.name}: ${changesOf(store.files, damage.files)}`)) return;
  tally.count(family.kind);
  try {
    const open = Store.openSync.bind(Store);
    await checkDamage({ store, damage, isSingle }, { index, isThorough, open });
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    tally.fail(`"${store.name}", ${damage.text}: ${reason}`, `${family.kind} ${index}`);
  }
}
