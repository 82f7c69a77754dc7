// @ts-check
/**
 * Batches are applied on a simulated disk on which every call fails, and on a simulated machine that
 * crashes before every call. Each time the question is the same: is everything as before the batch, or
 * as after it, and is memory what is on disk?
 */
import { OnewalError } from 'onewal';
import { MemoryFileSystem } from 'onewal/memory';
import { crashEverywhere } from '../simulated/crash-everywhere.mjs';
import { failEverywhere } from '../simulated/fail-everywhere.mjs';
import { faultsIn } from './invariants.mjs';
import { Rollup } from './rollup.mjs';

/** @import { FileSystem, Store } from 'onewal' */
/** @import { FailingDisk } from '../simulated/fail-everywhere.mjs' */
/** @import { Entry } from './entries.mjs' */

/** @typedef {{ open(disk: FileSystem): Promise<Rollup> }} RollupKind */
/** @typedef {readonly (readonly Entry[])[]} Batches */

const POWER_CUTS = 3; // images of each

export class Findings {
  /** Faults, or images that crashes may have left. */
  trials = 0;
  /** Batches that could not be applied at once. */
  rejected = 0;
  /** How often somebody looked at memory and disk: behind each rejection, and after a restart. */
  states = 0;
  /** States that were neither that before nor that after a batch, or there after "committed: no". */
  between = 0;
  /** States in which an invariant did not hold; that memory is what is on disk is one. */
  broken = 0;
  /** States in which an acknowledged batch was not there. */
  lost = 0;
  /** Lives that did not end where they would have ended without the fault. */
  elsewhere = 0;
  /** @type {{ place: string, faults: string[] } | undefined} */
  first;
}

/** @param {RollupKind} kind @param {Batches} batches */
export async function rehearseCrashes(kind, batches) {
  const states = await statesOf(batches);
  const found = new Findings();
  /** @type {import('../simulated/crash-everywhere.mjs').CrashPlan<number>} */
  const plan = {
    diskCount: 1,
    powerCutCount: POWER_CUTS,
    run: async ([disk], acknowledge) => live(kind, disk, { batches, acknowledge }),
    check: async ({ disks: [disk], call, acknowledged }) => {
      const rollup = await kind.open(disk);
      note(found, rollup, { possible: states, place: `a crash before call ${call}` });
      if (rollup.height < acknowledged.length) found.lost += 1;
      await rollup.close();
      await live(kind, disk, { batches, acknowledge: () => undefined });
      const end = await kind.open(disk);
      if (contentOf(end.store) !== states.at(-1)) found.elsewhere += 1;
      await end.close();
    },
  };
  const { images } = await crashEverywhere(plan);
  found.trials = images;
  return found;
}

/** @param {RollupKind} kind @param {Batches} batches */
export async function rehearseFaults(kind, batches) {
  const states = await statesOf(batches);
  const found = new Findings();
  found.trials = await failEverywhere(async (failing) => {
    const rollup = await liveAnyhow(kind, failing, { batches, states, found });
    if (contentOf(rollup.store) !== states.at(-1)) found.elsewhere += 1;
    await rollup.close();
  });
  return found;
}

/**
 * Two sessions; each begins with a checkpoint, which the first has nothing to write for.
 *
 * @param {RollupKind} kind
 * @param {FileSystem} disk
 * @param {{ batches: Batches, acknowledge: (height: number) => void }} plan
 */
async function live(kind, disk, { batches, acknowledge }) {
  for (const end of [batches.length >> 1, batches.length]) {
    const rollup = await kind.open(disk);
    await rollup.store.checkpoint();
    while (rollup.height < end) {
      await rollup.applyBatch(batches[rollup.height] ?? []);
      acknowledge(rollup.height);
    }
    await rollup.close();
  }
}

/**
 * The same life for somebody who, when something fails, looks at what there is, has the disk mended,
 * and goes on.
 *
 * @param {RollupKind} kind
 * @param {FailingDisk} failing
 * @param {{ batches: Batches, states: readonly string[], found: Findings }} plan
 */
async function liveAnyhow(kind, failing, { batches, states, found }) {
  const { disk } = failing;
  for (const end of [batches.length >> 1, batches.length]) {
    const rollup = await mending(failing, () => kind.open(disk));
    await mending(failing, () => checkpoint(rollup));
    while (rollup.height < end) {
      const [before, after] = states.slice(rollup.height);
      try {
        await rollup.applyBatch(batches[rollup.height] ?? []);
      } catch (error) {
        if (failing.isMended || !(error instanceof OnewalError)) throw error;
        found.rejected += 1;
        failing.mend(); // or nobody could look
        const possible = error.committed === 'unknown' ? [before, after] : [before];
        note(found, rollup, { possible, place: failing });
        const restarted = await kind.open(disk.afterKill());
        note(found, restarted, { possible, place: `${failing}, after a restart` });
        await restarted.close();
        await rollup.store.resume();
      }
    }
    await rollup.close();
  }
  return mending(failing, () => kind.open(disk));
}

/** @param {Rollup} rollup */
async function checkpoint({ store }) {
  await store.resume();
  await store.checkpoint();
}

/** @template T @param {FailingDisk} failing @param {() => Promise<T>} work @returns {Promise<T>} */
async function mending(failing, work) {
  try {
    return await work();
  } catch (error) {
    if (failing.isMended || !(error instanceof OnewalError)) throw error;
    failing.mend();
    return work();
  }
}

/**
 * @param {Findings} found
 * @param {Rollup} rollup
 * @param {{ possible: readonly (string | undefined)[], place: unknown }} expected
 */
function note(found, rollup, { possible, place }) {
  const faults = faultsIn(rollup);
  found.states += 1;
  const isBetween = !possible.includes(contentOf(rollup.store));
  if (isBetween) found.between += 1;
  if (faults.length > 0) found.broken += 1;
  if (isBetween || faults.length > 0) found.first ??= { place: String(place), faults };
}

/** What is stored behind each batch, where nothing goes wrong. @param {Batches} batches */
async function statesOf(batches) {
  const rollup = await Rollup.open(new MemoryFileSystem());
  const states = [contentOf(rollup.store)];
  for (const batch of batches) {
    await rollup.applyBatch(batch);
    states.push(contentOf(rollup.store));
  }
  await rollup.close();
  return states;
}

/** Everything that is stored, as text. @param {Store} store */
function contentOf(store) {
  const entries = store.maps.map((name) => [name, [...store.map(name).getRange()]]);
  return JSON.stringify(entries.filter(([, map]) => map?.length));
}
