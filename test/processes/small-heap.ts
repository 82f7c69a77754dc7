/** A store that is much larger than the heap: what is in memory stays bounded, whatever its size. */
import { Store } from '../../src/index-node.ts';
import type { Gate, Scale, Tally } from '../prove/gate.ts';
import type { Report } from './report.ts';
import { type Site, withSite } from './site.ts';
import type { SmallHeapTask } from './small-heap.child.ts';

const MIB = 1 << 20;
/** The smallest in which Node 20 and the engine work well: see docs/proving.md. */
const HEAP_MIB = 32;
const BYTES: { readonly [scale in Scale]: number } = {
  ci: 48 * MIB,
  full: 512 * MIB,
  long: 4096 * MIB,
};
/** Node itself takes some 60; buffers of what is not in a snapshot yet are outside of the heap. */
const RESIDENT_MAX = 256 * MIB;
const DEATH_COUNT: { readonly [scale in Scale]: number } = { ci: 1, full: 8, long: 40 };

export const smallHeap: Gate = {
  name: 'small-heap',
  promise: `a store of any size works in a heap of ${HEAP_MIB} MiB, and is whole when the heap runs out`,
  pieceCount: () => 2,
  run: async (piece, scale, tally) => {
    if (piece === 0) return workInSmallHeap({ bytes: BYTES[scale], heapMiB: HEAP_MIB }, tally);
    for (let death = 0; death < DEATH_COUNT[scale]; death++) await dieOfHunger(death, tally);
  },
};

export interface HeapPlan {
  readonly bytes: number;
  readonly heapMiB: number;
}

const nodeOptionsFor = (mib: number) => [`--max-old-space-size=${mib}`, '--max-semi-space-size=2'];

export async function workInSmallHeap({ bytes, heapMiB }: HeapPlan, tally: Tally): Promise<void> {
  await withSite(async (site) => {
    const task: SmallHeapTask = { directory: site.path('store'), bytes, isGreedy: false };
    const child = await site.start('small-heap', task, { nodeOptions: nodeOptionsFor(heapMiB) });
    let entryCount: unknown;
    child.onReport((step) => {
      if (step.kind !== 'step') return;
      entryCount ??= step.entries;
      tally.count(
        `${step.step}, resident under ${64 * Math.ceil(Number(step.rss) / MIB / 64)} MiB`,
      );
      for (const fault of stepFaults(step, entryCount)) tally.fail(fault, JSON.stringify(step));
    });
    const { code, signal } = await child.ended;
    const isDone = child.reports.some(({ kind }) => kind === 'done');
    if (!isDone) tally.fail(`it ended with ${signal ?? code}: ${child.errorText}`, 'small heap');
    tally.count('MiB of entries in a small heap', Math.round(bytes / MIB));
  });
}

function* stepFaults({ step, rss, entries, wrong, isSound }: Report, count: unknown) {
  if (Number(rss) > RESIDENT_MAX) yield `${step} takes ${rss} bytes`;
  if (entries !== undefined && entries !== count) yield `${step} finds ${entries} of ${count}`;
  if (wrong !== undefined && wrong !== 0) yield `${step} finds ${wrong} wrong entries`;
  if (isSound === false) yield 'verify finds damage';
}

/** V8 ends a process whose heap is used up, wherever it is. */
async function dieOfHunger(death: number, tally: Tally): Promise<void> {
  await withSite(async (site: Site) => {
    const task: SmallHeapTask = { directory: site.path('store'), bytes: 0, isGreedy: true };
    const heapMiB = HEAP_MIB + death * 4;
    const child = await site.start('small-heap', task, { nodeOptions: nodeOptionsFor(heapMiB) });
    const { code, signal } = await child.ended;
    if (!child.errorText.includes('JavaScript heap out of memory')) {
      tally.fail(`it did not die of its heap, but of ${signal ?? code}`, `heap ${heapMiB}`);
    }
    const store = await Store.open(task.directory);
    const map = store.map<number, Uint8Array>('entries', { value: 'binary' });
    const acknowledged = child.reports.filter(({ kind }) => kind === 'acknowledged');
    if (acknowledged.length === 0) tally.fail('it died before its first commit', `heap ${heapMiB}`);
    for (const { number, sequence } of acknowledged) {
      if (map.getEntry(Number(number))?.sequence === sequence) continue;
      tally.fail(`LOST: ${number}, acknowledged as ${sequence}`, `heap ${heapMiB}`);
      break;
    }
    tally.count('acknowledged before the heap ran out, and there', acknowledged.length);
    tally.count('processes whose heap ran out');
    await store.close();
  });
}
