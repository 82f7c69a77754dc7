/**
 * The app dies between any two calls of the plugin, and inside writes: the next start finds every
 * commit that was acknowledged. On iOS, where cuts are synced, a power cut takes none of them either.
 */
import { afterEach, beforeAll, expect, test } from 'vitest';
import { checksumReady } from '../../../src/bytes/checksum.ts';
import { CordovaFileSystem } from '../../../src/fs/cordova.ts';
import { Store } from '../../../src/index.ts';
import { contentOf, type Log, modelOf, randomScript, runScript } from '../../support/workload.ts';
import { type BridgeCall, type BridgeFault, Device, type Platform } from './device.ts';
import { enterPage, forgetPage } from './plugin.ts';

const SEED = 4;
const STEPS = randomScript(SEED, 20);
const { states } = modelOf(STEPS);

beforeAll(() => checksumReady);

let leavePage: () => void = () => undefined;
afterEach(() => leavePage());

function enter(device: Device): CordovaFileSystem {
  leavePage();
  forgetPage();
  leavePage = enterPage(device);
  return new CordovaFileSystem('s');
}

interface Life {
  readonly device: Device;
  readonly log: Log;
}

async function live(
  platform: Platform,
  onCall: (call: BridgeCall) => BridgeFault | undefined,
): Promise<Life> {
  const device = new Device({ platform });
  device.onCall = onCall;
  const log: Log = { acknowledged: 0, submitted: 0 };
  const life = runScript(enter(device), STEPS, { log });
  await Promise.race([life, device.death]).catch((error: unknown) => {
    if (!device.isDead) throw error;
  });
  return { device, log };
}

/** It opens, holds the state after some commit, takes another, and holds that too. */
async function check(image: Device, log: Log, place: string): Promise<void> {
  const fs = enter(image);
  const store = await Store.open(fs);
  const { sequence } = store.info;
  expect(sequence, place).toBeGreaterThanOrEqual(log.acknowledged);
  expect(sequence, place).toBeLessThanOrEqual(log.submitted);
  expect(contentOf(store), place).toBe(states[sequence]);
  expect((await store.verify()).damage, place).toEqual([]);
  await store.map('probe').put('p', sequence);
  await store.close();

  const again = await Store.open(fs);
  expect(again.map('probe').get('p'), place).toBe(sequence);
  await again.close();
}

test.each(['android', 'ios', 'browser'] as const)(
  'the death of the app between any two calls loses no acknowledged commit, on %s',
  async (platform) => {
    const { callCount } = (await live(platform, () => undefined)).device;
    let deaths = 0;
    for (let at = 0; at < callCount; at++) {
      const { device, log } = await live(platform, ({ index }) =>
        index === at ? { kind: 'die' } : undefined,
      );
      if (!device.isDead) continue;
      deaths += 1;
      await check(device.afterKill(), log, `death before call ${at}`);
      if (platform === 'ios') await check(device.afterPowerCut(), log, `power cut at call ${at}`);
    }

    console.log(`${platform}: ${deaths} deaths of ${callCount} calls`);
    expect(deaths).toBeGreaterThan(100);
  },
  300_000,
);

test('the death of the app inside any write loses no acknowledged commit', async () => {
  const { callCount } = (await live('android', () => undefined)).device;
  let deaths = 0;
  for (let at = 0; at < callCount; at++) {
    const { device, log } = await live('android', ({ index, action, byteCount = 0 }) =>
      index === at && action === 'write'
        ? { kind: 'die', afterBytes: Math.floor(byteCount / 2) }
        : undefined,
    );
    if (!device.isDead) continue;
    deaths += 1;
    await check(device.afterKill(), log, `death inside call ${at}`);
  }

  console.log(`${deaths} deaths inside writes`);
  expect(deaths).toBeGreaterThan(20);
}, 300_000);
