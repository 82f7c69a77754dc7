/** The look at one image that a crash has left: what it must be, whatever has happened. */
import { CorruptionError, FormatError, Store } from '../../../src/index.ts';
import type { SimulatedDisk } from '../../../src/testing/index.ts';
import { useSeededHost } from '../../support/seeded.ts';
import { contentOf } from '../../support/workload.ts';
import type { Tally } from '../gate.ts';
import { type CrashImage, crashImages, killImage } from './crash-image.ts';
import { type Aftermath, type Ledger, promiseOf, type ToldThen } from './ledger.ts';
import type { Moment } from './moments.ts';

export interface Inspection {
  readonly tally: Tally;
  readonly ledger: Ledger;
  /** Says how to make the life again; each failure adds its place. */
  readonly name: string;
  /** All images of a power cut where they are so few, else a sample of so many. */
  readonly imageCountMax: number;
  readonly seed: number;
  /** What a kill leaves, where it is not all that was written. */
  readonly aftermathOfKill?: Aftermath;
  readonly aftermathOfPower?: Aftermath;
}

/** Every image that a crash at this moment may leave. */
export async function inspectMoment(inspection: Inspection, moment: Moment): Promise<void> {
  const { imageCountMax: countMax, seed } = inspection;
  const images = moment.isInside
    ? [killImage(moment.disk)]
    : crashImages(moment.disk, { countMax, seed });
  for (const image of images) await inspectImage(inspection, moment, image);
}

export async function inspectImage(
  inspection: Inspection,
  { told, place }: Pick<Moment, 'told' | 'place'>,
  image: CrashImage,
): Promise<void> {
  const { tally, ledger, name } = inspection;
  const aftermath = aftermathOf(inspection, image);
  if (!tally.isNew(`${aftermath} ${promiseOf(told)} ${image.digest}`)) return;
  tally.count(image.how === 'kill' ? 'images of a kill' : 'images of a power cut');
  useSeededHost(inspection.seed + 1);
  const problem = await problemOf(image.make(), { ledger, told, aftermath });
  if (problem !== undefined) {
    tally.fail(problem, `${name}; ${image.how} ${place}; image ${image.digest}`);
  }
}

function aftermathOf(
  { aftermathOfKill = 'kill', aftermathOfPower = 'power' }: Inspection,
  { how }: CrashImage,
): Aftermath {
  return how === 'kill' ? aftermathOfKill : aftermathOfPower;
}

interface Promised {
  readonly ledger: Ledger;
  readonly told: ToldThen;
  readonly aftermath: Aftermath;
}

/** Opens, looks, closes, and once more, by the methods that block. */
async function problemOf(
  disk: SimulatedDisk,
  { ledger, told, aftermath }: Promised,
): Promise<string | undefined> {
  disk.capacity = undefined;
  try {
    const store = await Store.open(disk);
    const [problem] = ledger.problemsOf(store, told, aftermath);
    if (problem !== undefined) return problem;
    const before = `${store.info.sequence} ${contentOf(store)}`;
    await store.close();
    const again = Store.openSync(disk);
    const after = `${again.info.sequence} ${contentOf(again)}`;
    const { damage } = await again.verify();
    again.closeSync();
    if (after !== before) return `opened twice it held ${before}, then ${after}`;
    return damage.length === 0 ? undefined : `verify found ${JSON.stringify(damage)}`;
  } catch (error) {
    const isRefusal = error instanceof CorruptionError || error instanceof FormatError;
    return isRefusal && aftermath === 'lied to' ? undefined : `open threw ${String(error)}`;
  }
}
