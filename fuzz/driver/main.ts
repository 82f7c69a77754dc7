/** `npm run fuzz`: reads the command line, runs targets, prints what they found. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleTarget } from './bundle.ts';
import { runWatched, type WatchedReport } from './watch.ts';

const TARGETS = ['wal', 'snapshot', 'store', 'codecs', 'operations', 'cli'];
const SECONDS_DEFAULT = 60;
const USAGE = `usage: npm run fuzz -- [--target ${TARGETS.join('|')}|all] [--seconds N] [--runs N]
                       [--seed N] [--input FILE] [--bundle DIR] [--merge] [--keep-going]

  --seconds N   for each target; ${SECONDS_DEFAULT} by default
  --runs N      at most so many inputs for each target
  --seed N      of the chance that makes inputs; the time by default
  --input FILE  runs the target on this input alone
  --bundle DIR  writes the targets as plain JavaScript, for Jazzer.js, and ends
  --merge       chooses the corpus of the repository anew from all that was discovered
  --keep-going  looks for more after a finding`;

const OPTIONS = {
  target: { type: 'string', default: 'all' },
  seconds: { type: 'string' },
  runs: { type: 'string' },
  seed: { type: 'string' },
  input: { type: 'string' },
  bundle: { type: 'string' },
  merge: { type: 'boolean', default: false },
  'keep-going': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Given = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** Returns the exit code: 1 when something was found, 2 for a wrong call. */
export async function main(words: readonly string[], root: string): Promise<number> {
  let given: Given;
  try {
    given = parseArgs({ args: [...words], options: OPTIONS }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { target, help } = given;
  const names = target === 'all' ? TARGETS : [target ?? ''];
  if (help || !names.every((name) => TARGETS.includes(name))) {
    console.log(USAGE);
    return help ? 0 : 2;
  }
  if (given.bundle !== undefined) return bundleAll(names, given.bundle, root);
  let findingCount = 0;
  for (const name of names) findingCount += await runTarget(name, given, root);
  return findingCount === 0 ? 0 : 1;
}

async function bundleAll(
  names: readonly string[],
  directory: string,
  root: string,
): Promise<number> {
  mkdirSync(directory, { recursive: true });
  for (const name of names) {
    const file = join(root, 'fuzz', `${name}.ts`);
    console.log(await bundleTarget(file, { directory, form: 'plain' }));
  }
  return 0;
}

async function runTarget(name: string, given: Given, root: string): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-fuzz-'));
  try {
    const bundle = await bundleTarget(join(root, 'fuzz', `${name}.ts`), { directory });
    const { runs, seconds, seed, input } = given;
    const report = await runWatched({
      name,
      bundle,
      root,
      input,
      seed: seed === undefined ? Date.now() % 2 ** 32 : Number(seed),
      runs: input !== undefined ? 0 : Number(runs ?? Number.MAX_SAFE_INTEGER),
      seconds: Number(seconds ?? (runs === undefined ? SECONDS_DEFAULT : 86_400)),
      findingCountMax: given['keep-going'] ? 100 : 1,
      isMerge: given.merge ?? false,
    });
    print(name, report);
    return report.findings.length;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function print(name: string, report: WatchedReport): void {
  const { runCount, seconds, covered, counterCount, newEntries, findings, seed } = report;
  const share = Math.round((1000 * covered) / Math.max(1, counterCount)) / 10;
  console.log(
    `${name}: ${runCount} executions in ${seconds.toFixed(1)} s, ` +
      `${Math.round(runCount / seconds)} per second; ` +
      `coverage ${covered} of ${counterCount} counters (${share} %); ` +
      `${newEntries} new corpus entries; seed ${seed}`,
  );
  for (const { path, description, size } of findings) {
    console.log(`\n${name}: FOUND, ${size} bytes in ${path}\n${description}`);
    console.log(`again: npm run fuzz -- --target ${name} --input ${path}`);
  }
}
