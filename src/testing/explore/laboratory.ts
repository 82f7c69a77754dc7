/** Where trials are made: a disturbed run, the image it leaves, and what `check` says of that. */
import type { CrashState } from '../crash-images.ts';
import type { SimulatedDisk } from '../simulated-disk.ts';
import { acknowledgementKey } from './acknowledgements.ts';
import { performRun } from './performed-run.ts';
import { type CheckedPlan, wrongPlan } from './plan.ts';
import type { Moment, Recording } from './recording.ts';
import { readRemainder } from './remainder-choice.ts';
import { withSeededHost } from './seeded-host.ts';
import { PATIENCE, settled } from './settling.ts';
import {
  contextOf,
  type Disturbance,
  disturbedCall,
  faultPlanOf,
  type ImageChoice,
  type Trial,
} from './trial.ts';

/** What a disturbance has led to. */
export interface Aftermath {
  readonly disturbance: Disturbance;
  readonly disk: SimulatedDisk;
  readonly state: CrashState;
  readonly acknowledged: readonly unknown[];
  /** Why nothing is left to be checked: the run would never have ended. */
  readonly hang?: Error;
}

export type Verdict =
  | { readonly is: 'passed' | 'refused' }
  | { readonly is: 'failed'; readonly error: unknown };

/** Calls that a check may make, and those of a disturbed run beyond ten times the usual number. */
const CALL_COUNT_MAX = 100_000;

export class Laboratory {
  readonly plan: CheckedPlan;
  readonly recording: Recording;
  readonly #seen = new Set<string>();

  constructor(plan: CheckedPlan, recording: Recording) {
    this.plan = plan;
    this.recording = recording;
  }

  async aftermathOf(disturbance: Disturbance): Promise<Aftermath> {
    if (disturbance.fault === 'none') return aftermath(disturbance, this.recording.end);
    if ('moment' in disturbance) return aftermath(disturbance, this.#moment(disturbance.moment));
    if (disturbance.fault !== 'rot') return this.#disturbedRun(disturbance);
    const { disk, acknowledged } = this.recording.end;
    const rotten = disk.afterKill();
    rotten.flipBit(disturbance.file, disturbance.offset, disturbance.bit);
    return aftermath(disturbance, { disk: rotten, acknowledged });
  }

  /** Undefined for an image that was checked with these acknowledgements after such a fault. */
  async tryNew(left: Aftermath, image: ImageChoice): Promise<Verdict | undefined> {
    const disk = imageOf(left, image);
    const { fault, mayLose } = contextOf(left.disturbance);
    const key = `${fault} ${mayLose} ${acknowledgementKey(left.acknowledged)} ${disk.digest()}`;
    if (this.#seen.has(key)) return undefined;
    this.#seen.add(key);
    return this.#check(left, disk);
  }

  async try({ disturbance, image }: Trial): Promise<Verdict> {
    const left = await this.aftermathOf(disturbance);
    if (left.hang !== undefined) return { is: 'failed', error: left.hang };
    return this.#check(left, imageOf(left, image));
  }

  #moment(ordinal: number): Moment {
    const moment = this.recording.moments.find((candidate) => candidate.ordinal === ordinal);
    if (moment === undefined) throw wrongPlan('replay is of another run');
    return moment;
  }

  async #disturbedRun(disturbance: Disturbance): Promise<Aftermath> {
    const { calls } = this.recording;
    const until = disturbedCall(disturbance);
    const { capacity } = { capacity: undefined, ...disturbance };
    const outcome = await performRun(this.plan, {
      callCountMax: 10 * calls.length + CALL_COUNT_MAX,
      onCall: faultPlanOf(disturbance),
      ...(capacity === undefined ? {} : { capacity }),
      ...(until === undefined ? {} : { expected: { calls, until } }),
    });
    if (until !== undefined && outcome.disk.callCount <= until) {
      throw wrongPlan(
        `run is not deterministic: it ended before call ${until}, which it once made`,
      );
    }
    const left = aftermath(disturbance, outcome);
    const isHanging = outcome.settled.is === 'waiting' && disturbance.fault !== 'crash';
    return isHanging ? { ...left, hang: new Error('run never ended') } : left;
  }

  async #check(left: Aftermath, disk: SimulatedDisk): Promise<Verdict> {
    const context = contextOf(left.disturbance);
    disk.onCall = ({ index }) => (index < CALL_COUNT_MAX ? undefined : { kind: 'crash' });
    const end = await withSeededHost(this.plan.seed + 1, () =>
      settled(
        () => this.plan.check(disk, left.acknowledged.slice(), context),
        () => disk.callCount,
        () => (disk.isCrashed ? 1 : PATIENCE),
      ),
    );
    if (end.is === 'resolved') return { is: 'passed' };
    if (end.is === 'waiting') return { is: 'failed', error: new Error('check never ended') };
    const isRefused = context.mayRefuse && this.plan.isRefusal(end.error);
    return isRefused ? { is: 'refused' } : { is: 'failed', error: end.error };
  }
}

function aftermath(
  disturbance: Disturbance,
  { disk, acknowledged }: Pick<Aftermath, 'disk' | 'acknowledged'>,
): Aftermath {
  return { disturbance, disk, acknowledged, state: disk.crashState };
}

/** Without a bound on its size: somebody has made room. */
function imageOf({ disk, state }: Aftermath, image: ImageChoice): SimulatedDisk {
  const left =
    image === 'everything' ? disk.afterKill() : disk.afterPowerLoss(readRemainder(state, image));
  left.capacity = undefined;
  return left;
}
