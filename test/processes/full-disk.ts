/** Real disks without room, real limits of the system, real directories of somebody else. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Store } from '../../src/index-node.ts';
import type { Gate, Scale, Tally } from '../prove/gate.ts';
import type { ChildPlan } from './child.ts';
import type { DiskTask } from './disk.child.ts';
import { type Site, withSite } from './site.ts';

const ROUNDS: { readonly [scale in Scale]: number } = { ci: 1, full: 10, long: 200 };

export interface DiskPlan {
  readonly name: string;
  readonly scenario: DiskTask['scenario'];
  /** Makes `directory` what the scenario wants it to be. */
  readonly wrapper?: (directory: string) => readonly string[];
  readonly isGullible?: boolean;
}

const KIB_64 = '64k';
const FILE_BLOCKS = 256;
const DESCRIPTORS = 64;

/** A disk of its own, that only the child sees and that goes with it. */
const tmpfs = (size: string) => (directory: string) =>
  mounted(`mount -t tmpfs -o size=${size} none "$0" && exec "$@"`, directory);
const readOnlyMount = (directory: string) =>
  mounted('mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"', directory);
const limited = (limit: string) => (directory: string) => [
  // Node would die of SIGXFSZ; what is ignored here stays ignored there.
  ...['sh', '-c', `trap '' XFSZ && ulimit ${limit} && exec "$@"`, directory],
];

function mounted(script: string, directory: string): string[] {
  return ['unshare', '-rm', 'sh', '-c', script, directory];
}

export const PLANS: readonly DiskPlan[] = [
  { name: 'disk of 64 KiB', scenario: 'tiny', wrapper: tmpfs(KIB_64) },
  { name: 'disk of 256 KiB', scenario: 'no room', wrapper: tmpfs('256k') },
  { name: 'disk of 1 MiB', scenario: 'no room', wrapper: tmpfs('1m') },
  { name: 'files of 128 KiB', scenario: 'file size', wrapper: limited(`-f ${FILE_BLOCKS}`) },
  { name: '64 descriptors', scenario: 'descriptors', wrapper: limited(`-n ${DESCRIPTORS}`) },
  { name: 'read-only mount', scenario: 'read only', wrapper: readOnlyMount },
  { name: 'directory of others', scenario: 'read only' },
  { name: 'removed directory', scenario: 'removed' },
];

export const fullDisk: Gate = {
  name: 'full-disk',
  promise: 'without room, descriptors or permission nothing is lost, and it goes on when there is',
  pieceCount: () => PLANS.length + 1,
  run: async (piece, scale, tally) => {
    const plan = PLANS[piece];
    if (plan === undefined) return linkToFullDevice(tally);
    for (let round = 0; round < ROUNDS[scale]; round++) {
      await workOn(plan, { seed: tally.seed * 1000 + round, tally });
    }
  },
};

/** Says in the tally where a machine cannot do it. */
export async function workOn(
  plan: DiskPlan,
  { seed, tally }: { readonly seed: number; readonly tally: Tally },
): Promise<void> {
  const { name, scenario, wrapper, isGullible = false } = plan;
  await withSite(async (site) => {
    const place = site.directory('place');
    if (wrapper !== undefined && !canRun(wrapper(place))) return tally.count(`${name}: SKIPPED`);
    // A mounted directory cannot be made or removed by the store itself.
    const isWhole = scenario === 'read only';
    const task: DiskTask = {
      ...{ seed, scenario, isGullible },
      directory: isWhole ? place : join(place, 'store'),
    };
    const identity = await prepare(plan, site, place);
    if (identity === undefined) return tally.count(`${name}: SKIPPED`);
    const child = await site.start('disk', task, {
      ...identity,
      ...(wrapper === undefined ? {} : { wrapper: wrapper(place) }),
    });
    const { code, signal } = await child.ended;
    for (const { kind, what } of child.reports) {
      if (kind === 'held') tally.count(`${name}: held`);
      if (kind === 'observed') tally.count(`${what}`);
      if (kind === 'fault') tally.fail(`${name}: ${what}`, `seed ${seed}`);
    }
    if (child.reports.at(-1)?.kind !== 'done') {
      tally.fail(`${name}: it ended with ${signal ?? code}: ${child.errorText}`, `seed ${seed}`);
    }
  });
}

const NOBODY = 65_534;

/** A store of somebody else, and who is not allowed to write it; undefined where that is nobody. */
async function prepare(
  { scenario, wrapper }: DiskPlan,
  site: Site,
  place: string,
): Promise<Partial<ChildPlan> | undefined> {
  if (scenario !== 'read only') return {};
  const store = await Store.open(join(place, 'store'));
  await store.map('m').put(1, 'readable');
  await store.close();
  if (wrapper !== undefined) return {};
  if (process.getuid?.() !== 0) return undefined;
  const made = spawnSync('chmod', ['-R', 'a+rX,a-w', place, site.path('.')]);
  return made.status === 0 ? { uid: NOBODY } : undefined;
}

function canRun([command = '', ...words]: readonly string[]): boolean {
  return spawnSync(command, [...words, 'true'], { stdio: 'ignore' }).status === 0;
}

/** A link to a device that is always full, in the place of a WAL: refused, not written through. */
async function linkToFullDevice(tally: Tally): Promise<void> {
  await withSite(async (site) => {
    const full = site.path('full');
    const store = await Store.open(full);
    await store.map('m').put(1, 1);
    const { generation } = store.info;
    await store.close();
    const path = join(full, `${generation}.wal`);
    const bytes = readFileSync(path);
    rmSync(path);
    symlinkSync('/dev/full', path);
    await expectPermission(full, 'a WAL that became a link', tally);
    rmSync(path);
    mkdirSync(site.path('empty'));
    symlinkSync('/dev/full', join(site.path('empty'), '1.wal'));
    await expectPermission(site.path('empty'), 'a link where a WAL would be made', tally);
    if (bytes.length === 0) tally.fail('the WAL was empty', 'link');
    chmodSync(full, 0o700);
  });
}

async function expectPermission(directory: string, what: string, tally: Tally): Promise<void> {
  const outcome = await Store.open(directory).then(
    (store) => store.close().then(() => 'opened'),
    (error: { code?: string }) => error.code,
  );
  if (outcome !== 'PERMISSION') tally.fail(`${what} is ${outcome}`, 'link');
  else tally.count(`${what}: refused`);
}
