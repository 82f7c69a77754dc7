/** Many lives of one store in one process: nothing may pile up, in memory or on disk. */
import type { Gate, Scale, Tally } from '../prove/gate.ts';
import type { Report } from './report.ts';
import { withSite } from './site.ts';
import type { SoakTask } from './soak.child.ts';

const ROUNDS: { readonly [scale in Scale]: number } = { ci: 60, full: 1500, long: 50_000 };
const SAMPLES = 15;
/** What is compiled and cached in the first rounds is no leak. */
const WARM_SAMPLES = 4;
const HEAP_GROWTH_MAX = 4 << 20;
/** 8 WALs and their heads, the snapshots of two generations, the reserve. */
const FILES_MAX = 32;
/** 200 entries of 500 bytes, some times over, and the reserve. */
const BYTES_MAX = 2 << 20;

export const soak: Gate = {
  name: 'descriptors-and-memory',
  promise: 'a store that is opened, used and closed for ever piles up neither files nor memory',
  pieceCount: () => 1,
  run: (_piece, scale, tally) => live({ rounds: ROUNDS[scale], seed: tally.seed }, tally),
};

export interface SoakPlan {
  readonly rounds: number;
  readonly seed: number;
  readonly isLeaking?: boolean;
}

export async function live({ rounds, ...plan }: SoakPlan, tally: Tally): Promise<void> {
  await withSite(async (site) => {
    const roundsBetweenSamples = Math.max(1, Math.floor(rounds / SAMPLES));
    const directory = site.path('store');
    const task: SoakTask = { ...plan, directory, rounds, roundsBetweenSamples };
    const child = await site.start('soak', task);
    child.onReport(({ kind }) => {
      if (kind === 'sample') tally.count('lives of a store in one process', roundsBetweenSamples);
    });
    const { code } = await child.ended;
    const replay = JSON.stringify(child.reports.at(-1));
    if (code !== 0) tally.fail(`it ended with ${code}: ${child.errorText}`, replay);
    const samples = child.reports.filter(({ kind }) => kind === 'sample');
    for (const fault of growthFaults(samples)) tally.fail(fault, replay);
    if (child.reports.some(({ kind }) => kind === 'fault')) tally.fail('there was no lock', replay);
    const growth = heapGrowth(samples);
    tally.count(`heap growth under ${Math.max(1, Math.ceil(growth / 2 ** 18)) * 256} KiB`);
  });
}

function* growthFaults(samples: readonly Report[]): Iterable<string> {
  const warm = samples.slice(WARM_SAMPLES);
  const numbers = (fact: string) => warm.map((sample) => Number(sample[fact]));
  const descriptors = new Set(numbers('descriptors'));
  if (descriptors.size !== 1) yield `open descriptors: ${[...descriptors].join(', ')}`;
  if (Math.max(...numbers('files')) > FILES_MAX) yield `${Math.max(...numbers('files'))} files`;
  if (Math.max(...numbers('bytes')) > BYTES_MAX) yield `${Math.max(...numbers('bytes'))} bytes`;
  const growth = heapGrowth(samples);
  if (growth > HEAP_GROWTH_MAX) yield `the heap grew by ${growth} bytes`;
}

/** Least against least: single samples are of chance. */
function heapGrowth(samples: readonly Report[]): number {
  const warm = samples.slice(WARM_SAMPLES).map(({ heap }) => Number(heap));
  const middle = Math.floor(warm.length / 2);
  return Math.min(...warm.slice(middle)) - Math.min(...warm.slice(0, middle));
}
