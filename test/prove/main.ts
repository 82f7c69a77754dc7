/** `npm run prove`: reads the command line, has the pieces run, prints what they found. */
import { join } from 'node:path';
import { readCommandLine, USAGE, type Wish } from './command-line.ts';
import type { Gate } from './gate.ts';
import { gates } from './gates/index.ts';
import { KeptResults } from './kept-results.ts';
import type { PieceResult } from './piece-tally.ts';
import { runPieces } from './pool.ts';
import { ProgressLine } from './progress-line.ts';
import { type GateSummary, grouped, kindsOf, skippedOf, summarize, tableOf } from './summary.ts';
import type { WorkerOrder } from './worker.ts';

export interface Place {
  /** The bundle of worker.ts. */
  readonly workerFile: string;
  /** Of that bundle: results of other sources are not gone on with. */
  readonly fingerprint: string;
  /** Where results are kept between runs. */
  readonly directory: string;
}

/** Returns the exit code: 1 when something false was found, 2 for a wrong call. */
export async function main(words: readonly string[], place: Place): Promise<number> {
  let wish: Wish;
  let chosen: readonly Gate[];
  try {
    wish = readCommandLine(words);
    chosen = choose(wish);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  if (wish.action === 'prove') return prove(chosen, wish, place);
  console.log(wish.action === 'help' ? USAGE : listOf(chosen));
  return 0;
}

function choose({ only, piece, scale }: Wish): readonly Gate[] {
  const unknown = only?.find((name) => !gates.some((gate) => gate.name === name));
  if (unknown !== undefined) throw new Error(`there is no gate ${unknown}: see --list`);
  const chosen = gates.filter(({ name }) => only?.includes(name) ?? true);
  const count = chosen[0]?.pieceCount(scale) ?? 0;
  if (piece !== undefined && piece >= count) throw new Error(`there is no piece ${piece}`);
  return chosen;
}

function listOf(chosen: readonly Gate[]): string {
  return chosen
    .map((gate) => {
      const [ci, full, long] = (['ci', 'full', 'long'] as const).map((scale) =>
        gate.pieceCount(scale),
      );
      return `${gate.name}: ${gate.promise} (pieces: ${ci} with --ci, ${full}, ${long} with --long)`;
    })
    .join('\n');
}

async function prove(chosen: readonly Gate[], wish: Wish, place: Place): Promise<number> {
  const start = performance.now();
  const { scale, seed } = wish;
  const directory = join(place.directory, `${scale}-${seed}`);
  const kept = new KeptResults(directory, place.fingerprint);
  const orders = chosen.flatMap((gate) =>
    piecesOf(gate, wish).map((piece): WorkerOrder => {
      return { gate: gate.name, piece, scale, seed, directory, fingerprint: place.fingerprint };
    }),
  );
  if (!wish.resume) for (const { gate, piece } of orders) kept.forget(gate, piece);
  const results = orders.flatMap(({ gate, piece }) => kept.find(gate, piece) ?? []);
  const progress = new ProgressLine(orders.length, results);
  await runPieces(
    orders.filter(({ gate, piece }) => kept.find(gate, piece) === undefined),
    {
      workerFile: place.workerFile,
      workerCount: wish.workerCount,
      onProgress: (order, caseCount) => progress.update(order, caseCount),
      onResult: (result) => {
        results.push(result);
        progress.finish(result);
      },
    },
  );
  progress.end();
  const summaries = chosen.map((gate) => {
    const own = results.filter((result) => result.gate === gate.name);
    return summarize(gate, own, kept.distinctCount(gate.name, piecesOf(gate, wish)));
  });
  return report(summaries, { results, wish, seconds: (performance.now() - start) / 1000 });
}

function piecesOf(gate: Gate, { piece, scale }: Wish): number[] {
  return piece === undefined ? [...Array(gate.pieceCount(scale)).keys()] : [piece];
}

function report(
  summaries: readonly GateSummary[],
  run: { readonly results: readonly PieceResult[]; readonly wish: Wish; readonly seconds: number },
): number {
  const failed = run.results.filter(({ failureCount }) => failureCount > 0);
  for (const result of failed) console.error(describeFailures(result, run.wish));
  console.log(`${kindsOf(summaries)}\n\n${tableOf(summaries)}\n`);
  const verdict = failed.length === 0 ? 'Everything holds' : `${failed.length} pieces failed`;
  const skipped = skippedOf(summaries).join(', ');
  const rest = skipped === '' ? '' : `, but for what this machine cannot do: ${skipped}`;
  console.log(`${verdict}${rest}. ${grouped(run.seconds)} s on ${run.wish.workerCount} workers.`);
  return failed.length === 0 ? 0 : 1;
}

function describeFailures(result: PieceResult, { scale, seed }: Wish): string {
  const { gate, piece, failures, failureCount } = result;
  const options = [`--only ${gate} --piece ${piece}`];
  if (scale !== 'full') options.push(`--${scale}`);
  if (seed !== 0) options.push(`--seed ${seed}`);
  const lines = failures.map(({ message, replay }) => `  ${message}\n    case: ${replay}`);
  const more = failureCount - failures.length;
  if (more > 0) lines.push(`  and ${grouped(more)} more`);
  return `FAILED ${gate}, piece ${piece}:\n${lines.join('\n')}\n  again: npm run prove -- ${options.join(' ')}\n`;
}
