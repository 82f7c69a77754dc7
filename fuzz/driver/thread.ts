/** The thread that a campaign runs in. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { loadTarget } from './bundle.ts';
import { chooseCorpus, runCampaign } from './campaign.ts';
import { directoryOf, readInputs, replaceInputs, writeInput } from './corpus.ts';
import type { Target } from './target.ts';
import { DESK_HEAD_SIZE, type ThreadOrder, type WatchedReport } from './watch.ts';

/** Of each target, in the repository. */
const CORPUS_SIZE_MAX = 40 << 10;

process.setSourceMapsEnabled(true);
Error.stackTraceLimit = 40;
parentPort?.postMessage(await run(workerData as ThreadOrder));

async function run(order: ThreadOrder): Promise<WatchedReport> {
  const { seed, runs, seconds, findingCountMax } = order;
  const target = await loadTarget(order.bundle);
  const given = await givenInputs(target, order);
  const onInput = noteOn(order.desk);
  const start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 1000;
  const report = await runCampaign(target, given, {
    ...{ seed, runs, findingCountMax },
    isTimeUp: () => elapsed() >= seconds,
    onInput,
  });
  const took = elapsed();
  for (const input of report.discovered) writeInput(directoryOf('discovered', order), input);
  if (order.isMerge) {
    const options = { sizeMax: CORPUS_SIZE_MAX, onInput };
    const chosen = await chooseCorpus(target, [...given, ...report.discovered], options);
    replaceInputs(directoryOf('corpus', order), chosen);
  }
  const findings = report.findings.map(({ finding, input }) => ({
    path: writeInput(directoryOf('findings', order), input),
    size: input.length,
    description: finding.description,
  }));
  const { runCount, covered, counterCount, discovered } = report;
  const newEntries = discovered.length;
  return { runCount, covered, counterCount, newEntries, findings, seed, seconds: took };
}

async function givenInputs(target: Target, order: ThreadOrder): Promise<Uint8Array[]> {
  if (order.input !== undefined) return [new Uint8Array(readFileSync(order.input))];
  const seeds = (await target.seeds?.()) ?? [];
  const kinds = ['regressions', 'corpus', 'discovered'] as const;
  const files = kinds.flatMap((kind) => readInputs(directoryOf(kind, order)));
  return [...files.map(({ bytes }) => bytes), ...seeds];
}

function noteOn(desk: SharedArrayBuffer): (input: Uint8Array) => void {
  const head = new Int32Array(desk, 0, 2);
  const room = new Uint8Array(desk, DESK_HEAD_SIZE);
  return (input) => {
    const kept = input.subarray(0, room.length);
    room.set(kept);
    head[1] = kept.length;
    Atomics.add(head, 0, 1);
  };
}
