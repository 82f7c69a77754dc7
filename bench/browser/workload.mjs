// @ts-check
/** What every engine is asked in a browser, each value that is read checked. */
import { Entries } from '../harness/entries.mjs';
import { Random } from '../harness/random.mjs';
import { BareFile } from './bare-file.mjs';

/** @import { BrowserEngine, BrowserEngineKind, BrowserScale } from './types.ts' */

const BATCH_COUNT = 1000;
const IN_FLIGHT_COUNT = 64;
const RANGE_COUNT = 100;
/** Commits and bare writes take turns, so that both meet the same machine. */
const TURN_COUNT = 10;

/** @typedef {{ kind: BrowserEngineKind, store: string, scale: BrowserScale }} Place */

/** Commits of 1,000 entries, each of them durable. @param {Place} place */
export async function fill({ kind, store, scale }) {
  const entries = new Entries(scale);
  await kind.load?.();
  const engine = await kind.open(store);
  const start = performance.now();
  for (let n = 0; n < scale.entries; n += BATCH_COUNT) {
    const count = Math.min(BATCH_COUNT, scale.entries - n);
    await engine.commit(Array.from({ length: count }, (_, i) => entryOf(entries, n + i)));
  }
  const speed = (scale.entries * 1000) / (performance.now() - start);
  await engine.close();
  return { 'bulk load': speed };
}

/** @param {Place} place */
export async function measure({ kind, store, scale }) {
  const entries = new Entries(scale);
  await kind.load?.();
  const start = performance.now();
  const engine = await kind.open(store);
  const first = await engine.get(entries.key(0));
  const opening = performance.now() - start;
  entries.check(0, first);
  const figures = {
    'open and first read': opening,
    ...(await readsOf(engine, { entries, scale })),
    ...(await commitsOf(engine, { entries, scale, store })),
  };
  await engine.close();
  return figures;
}

/** @param {BrowserEngine} engine @param {{ entries: Entries, scale: BrowserScale }} what */
async function readsOf(engine, { entries, scale }) {
  const random = new Random(scale.seed + 1);
  const order = entries.sorted(scale.entries);
  const read = async () => {
    for (let i = 0; i < RANGE_COUNT; i++) {
      const n = random.below(scale.entries);
      const found = engine.get(entries.key(n));
      entries.check(n, isLater(found) ? await found : found);
    }
  };
  /** @param {number} first @param {number} count @param {object} options */
  const scan = async (first, count, options) => {
    let i = first;
    await engine.scan((value) => entries.check(order[i++] ?? 0, value), options);
    if (i !== first + count) throw new Error(`a scan of ${count} has met ${i - first}`);
  };
  const range = () => {
    const first = random.below(scale.entries - RANGE_COUNT + 1);
    return scan(first, RANGE_COUNT, { start: entries.key(order[first] ?? 0), limit: RANGE_COUNT });
  };
  const { milliseconds } = scale;
  return {
    'random reads': RANGE_COUNT * (await perSecond(milliseconds, read)),
    'full scan': scale.entries * (await perSecond(milliseconds, () => scan(0, scale.entries, {}))),
    'ranges of 100': await perSecond(milliseconds, range),
  };
}

/** @param {BrowserEngine} engine @param {{ entries: Entries, scale: BrowserScale, store: string }} what */
async function commitsOf(engine, { entries, scale, store }) {
  let n = scale.entries;
  const put = () => {
    const { key, value } = entryOf(entries, n++);
    return engine.put(key, value);
  };
  const bareFile = await BareFile.make(`${store}-bare`);
  const turn = scale.milliseconds / TURN_COUNT;
  const commits = { count: 0, milliseconds: 0 };
  const writes = { count: 0, milliseconds: 0 };
  for (let i = 0; i < TURN_COUNT; i++) {
    await spend(turn, put, commits);
    await spend(turn, () => bareFile.append(), writes);
  }
  bareFile.close();
  const inFlight = await inFlightPerSecond(scale.milliseconds, put);
  for (let i = scale.entries; i < n; i++) entries.check(i, await engine.get(entries.key(i)));
  const perMillisecond = commits.count / commits.milliseconds;
  const bare = writes.count / writes.milliseconds;
  return {
    'one at a time': 1000 * perMillisecond,
    'write + flush': 1000 * bare,
    'a commit, to a bare write + flush': bare / perMillisecond,
    '64 in flight': inFlight,
  };
}

/** @param {number} milliseconds @param {() => unknown} run @param {{ count: number, milliseconds: number }} spent */
async function spend(milliseconds, run, spent) {
  const start = performance.now();
  let now = start;
  while (now - start < milliseconds) {
    const running = run();
    if (isLater(running)) await running;
    spent.count += 1;
    now = performance.now();
  }
  spent.milliseconds += now - start;
}

/** @param {number} milliseconds @param {() => unknown} run */
async function perSecond(milliseconds, run) {
  await spend(milliseconds / 4, run, { count: 0, milliseconds: 0 });
  const spent = { count: 0, milliseconds: 0 };
  await spend(milliseconds, run, spent);
  return (spent.count * 1000) / spent.milliseconds;
}

/** @param {number} milliseconds @param {() => unknown} put */
async function inFlightPerSecond(milliseconds, put) {
  let count = 0;
  const start = performance.now();
  const writer = async () => {
    while (performance.now() - start < milliseconds) {
      await put();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT_COUNT }, writer));
  return (count * 1000) / (performance.now() - start);
}

/** @param {Entries} entries @param {number} n */
const entryOf = (entries, n) => ({ key: entries.key(n), value: entries.value(n) });

/** Who answers at once is not made to wait. @param {any} answer @returns {answer is PromiseLike<any>} */
const isLater = (answer) => typeof answer?.then === 'function';
