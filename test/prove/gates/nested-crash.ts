/**
 * Crashes within the recovery from a crash, and within the recovery from that, three deep: of each
 * recovery every call, of the images some, as the seed decides.
 */
import { Store } from '../../../src/index.ts';
import { SimulatedDisk } from '../../../src/testing/index.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { preallocationOf } from '../../support/preallocation.ts';
import { useSeededHost } from '../../support/seeded.ts';
import type { Gate, Scale } from '../gate.ts';
import { type Inspection, inspectImage, inspectMoment } from '../lives/check-image.ts';
import { type CrashImage, crashImages } from '../lives/crash-image.ts';
import { decidedBy, Ledger, type ToldThen } from '../lives/ledger.ts';
import { type Moment, MomentRecorder, SYNC_TURNS } from '../lives/moments.ts';
import { randomDeeds } from '../lives/random-deeds.ts';
import { SerialLife } from '../lives/serial-life.ts';

interface Plan {
  readonly lives: number;
  readonly deeds: number;
  /** Crashes of the life, and of each recovery, whose recovery is crashed in turn. */
  readonly crashes: readonly number[];
  readonly images: number;
}

const PLANS: { readonly [scale in Scale]: Plan } = {
  ci: { lives: 8, deeds: 8, crashes: [3, 2, 1], images: 2 },
  full: { lives: 60, deeds: 12, crashes: [6, 3, 2], images: 6 },
  long: { lives: 5000, deeds: 16, crashes: [12, 4, 3], images: 8 },
};

export const nestedCrash: Gate = {
  name: 'nested-crash',
  promise: 'a crash of the recovery from a crash of a recovery loses nothing either',
  pieceCount: (scale) => PLANS[scale].lives,
  async run(piece, scale, tally) {
    const plan = PLANS[scale];
    const seed = 1 + piece + 100_000 * tally.seed;
    useSeededHost(seed);
    const life = new SerialLife(
      new SimulatedDisk({ syncTurns: SYNC_TURNS, ...preallocationOf(seed) }),
    );
    const { ledger, disk } = life;
    const recorder = new MomentRecorder(disk, ledger);
    life.onAnswer = () => recorder.takeIfStarted('behind an answer');
    disk.onCall = recorder.watch();
    recorder.start();
    await life.open();
    for (const deed of randomDeeds(seed, plan.deeds)) await life.do(deed);
    recorder.stop();
    for (const problem of [...life.problems, ...life.refusals]) tally.fail(problem, `life ${seed}`);
    const inspection: Inspection = {
      ...{ tally, ledger, name: `life ${seed}`, imageCountMax: plan.images, seed },
    };
    await new Crasher(inspection, plan).crashAll(recorder.moments, 0, 'kill');
  },
};

/** A power cut has been, or none. */
type Kept = 'kill' | 'power';

class Crasher {
  readonly #inspection: Inspection;
  readonly #plan: Plan;
  readonly #random: SeededRandom;

  constructor(inspection: Inspection, plan: Plan) {
    this.#inspection = inspection;
    this.#plan = plan;
    this.#random = new SeededRandom(inspection.seed);
  }

  /**
   * Of some of these crashes, one image each: its recovery is crashed at every call. `kept`: whether
   * all that was written is still there at these moments, but for a power cut.
   */
  async crashAll(moments: readonly Moment[], depth: number, kept: Kept): Promise<void> {
    for (let count = this.#plan.crashes[depth] ?? 0; count > 0; count--) {
      const moment = moments[this.#random.below(moments.length)];
      if (moment === undefined) return;
      const image = this.#imageOf(moment);
      await inspectImage(this.#at(depth, kept), moment, image);
      const recovery = await this.#recoveryOf(image, moment);
      const left = image.how === 'power' ? 'power' : kept;
      for (const deeper of recovery) await inspectMoment(this.#at(depth + 1, left), deeper);
      await this.crashAll(recovery, depth + 1, left);
    }
  }

  #at(depth: number, kept: Kept): Inspection {
    const name = `${this.#inspection.name}, depth ${depth}`;
    return { ...this.#inspection, name, aftermathOfKill: kept };
  }

  #imageOf(moment: Moment): CrashImage {
    const seed = this.#random.below(2 ** 20);
    const images = [...crashImages(moment.disk, { countMax: this.#plan.images, seed })];
    const image = moment.isInside ? images[0] : images[this.#random.below(images.length)];
    return image as CrashImage;
  }

  async #recoveryOf(image: CrashImage, { told, place }: Moment): Promise<Moment[]> {
    const disk = image.make();
    const ledger = new Known(told);
    const recorder = new MomentRecorder(disk, ledger);
    disk.onCall = recorder.watch();
    recorder.start();
    useSeededHost(this.#random.below(2 ** 20));
    try {
      const store = await Store.open(disk);
      disk.onCall = undefined;
      ledger.known = told.map((each) => decidedBy(store, each));
    } catch (error) {
      const { tally, name } = this.#inspection;
      tally.fail(`the recovery threw ${String(error)}`, `${name}; ${image.how} ${place}`);
    }
    recorder.take('behind the recovery');
    return recorder.moments;
  }
}

/** What was told before the crash is told during the recovery; behind it, what it has shown. */
class Known extends Ledger {
  known: ToldThen;

  constructor(known: ToldThen) {
    super();
    this.known = known;
  }

  override snapshot(): ToldThen {
    return this.known;
  }
}
