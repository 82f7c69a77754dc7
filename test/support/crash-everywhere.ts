/** Runs a life again and again, with a crash at each call of the disk, and inside each write. */
import { type Fault, type PortCall, SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from './seeded.ts';

const SEED = 31;
/** How many of the images that a power cut may leave are looked at, at each crash. */
const POWER_LOSS_IMAGE_COUNT = 8;

export interface CrashTest<Log> {
  /** What the life got to, told as it goes on. */
  newLog(): Log;
  life(disk: SimulatedDisk, log: Log): Promise<void>;
  /** Throws when `image` does not hold what `log` says. */
  check(image: SimulatedDisk, log: Log): Promise<void>;
  /** What else is wrong with the disk: the test of the test. */
  faultOf?(call: PortCall, log: Log): Fault | undefined;
}

export interface CrashTally {
  crashPoints: number;
  images: number;
}

export async function crashEverywhere<Log>(test: CrashTest<Log>): Promise<CrashTally> {
  const tally: CrashTally = { crashPoints: 0, images: 0 };
  const whole = await run(test, undefined);
  await test.check(whole.disk.afterKill(), whole.log);
  for (let at = 0; at < whole.disk.callCount; at++) {
    for (const share of [0, 0.5]) {
      const { disk, log } = await run(test, { at, share });
      if (!disk.isCrashed) continue;
      tally.crashPoints++;
      const images = share === 0 ? powerLossImages(disk) : [];
      for (const image of [disk.afterKill(), ...images]) {
        tally.images++;
        useSeededHost(SEED + 1);
        await test.check(image, log);
      }
    }
  }
  return tally;
}

function powerLossImages(disk: SimulatedDisk): SimulatedDisk[] {
  const images = [...disk.powerLossImages({ limit: POWER_LOSS_IMAGE_COUNT, seed: SEED })];
  const stride = Math.max(1, Math.floor(images.length / POWER_LOSS_IMAGE_COUNT));
  return images.filter((_, index) => index % stride === 0);
}

/** With a share of 0 the crash is before the call; else inside it, and only if it is a write. */
async function run<Log>(
  test: CrashTest<Log>,
  crash: { readonly at: number; readonly share: number } | undefined,
): Promise<{ readonly disk: SimulatedDisk; readonly log: Log }> {
  useSeededHost(SEED);
  const log = test.newLog();
  const disk = new SimulatedDisk({
    onCall: (call): Fault | undefined => {
      const { index, kind, byteCount } = call;
      if (crash !== undefined && index === crash.at) {
        if (crash.share === 0) return { kind: 'crash' };
        if (kind === 'write')
          return { kind: 'crash', afterBytes: Math.floor((byteCount ?? 0) * crash.share) };
      }
      return test.faultOf?.(call, log);
    },
  });
  await test.life(disk, log).catch((error: unknown) => {
    if (!disk.isCrashed) throw error;
  });
  return { disk, log };
}
