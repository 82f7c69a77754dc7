// @ts-check
/**
 * Breaks the engine on purpose, in one way after the other, and says which test notices.
 *
 *     npm run mutants [-- --only PART_OF_A_NAME] [-- --from NUMBER] [-- --workers COUNT]
 *                     [-- --resume] [-- --write]
 *
 * `--write` keeps in `killed.json` which test has killed each. Exit codes: 0 every mutant was
 * killed, 1 one survived or could not be judged, 2 the command line is wrong.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KnownVerdicts } from './known-verdicts.mjs';
import { partsOf } from './mutant.mjs';
import { GROUPS, MUTANTS } from './mutants.mjs';
import { Workbench } from './workbench.mjs';

/** @import { Mutant } from './mutant.mjs' */
/** @import { Verdict } from './workbench.mjs' */
/** @typedef {{ readonly mutant: Mutant, readonly number: number }} Numbered */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KILLED = fileURLToPath(new URL('killed.json', import.meta.url));
const WORKERS_MAX = 8;

process.exitCode = await main(options());

/** @param {ReturnType<typeof options>} options */
async function main({ only, from, workers, resume, write }) {
  const chosen = MUTANTS.map((mutant, i) => ({ mutant, number: i + 1 })).filter(
    ({ mutant, number }) => number >= from && mutant.name.includes(only),
  );
  if (chosen.length === 0) {
    console.error('no mutant is meant');
    return 2;
  }
  const benches = Array.from({ length: workers }, (_, i) => new Workbench(ROOT, i));
  const known = new KnownVerdicts(join(Workbench.directory(ROOT), 'verdicts.json'), { resume });
  const start = performance.now();
  const broken = await failureWithoutMutant(
    benches,
    chosen.filter(({ mutant }) => !known.has(mutant)),
  );
  if (broken !== undefined) {
    console.error(`fails without any mutant: ${broken}`);
    return 1;
  }
  await inParallel(benches, chosen, async (bench, { mutant, number }) => {
    const verdict = known.of(mutant) ?? (await bench.judge(mutant));
    known.add(mutant, verdict);
    console.log(row(number, mutant, verdict));
  });
  const seconds = Math.round((performance.now() - start) / 1000);
  const killed = chosen.filter(({ mutant }) => known.of(mutant)?.verdict === 'killed');
  console.log(`\n${groupRows(chosen, known)}`);
  console.log(`\n${killed.length} of ${chosen.length} mutants killed, ${seconds} s`);
  if (write) writeKilled(known);
  return killed.length === chosen.length ? 0 : 1;
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: '' },
        from: { type: 'string', default: '1' },
        workers: { type: 'string', default: '1' },
        resume: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
      },
    });
    const { only, resume, write } = values;
    const from = numberOf('from', values.from, Number.MAX_SAFE_INTEGER);
    return { only, from, workers: numberOf('workers', values.workers, WORKERS_MAX), resume, write };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/** @param {string} name @param {string} text @param {number} max */
function numberOf(name, text, max) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= max) return number;
  throw new Error(`--${name} ${text}: that is not a number from 1 to ${max}`);
}

/**
 * A test that fails anyhow kills everything and says nothing.
 *
 * @param {readonly Workbench[]} benches
 * @param {readonly Numbered[]} chosen
 */
async function failureWithoutMutant(benches, chosen) {
  /** @type {Map<string, Set<string | undefined>>} */
  const namesOf = new Map();
  for (const { file, name } of chosen.flatMap(({ mutant }) => mutant.tests.map(partsOf))) {
    namesOf.set(file, (namesOf.get(file) ?? new Set()).add(name));
  }
  /** @type {string[]} */
  const failures = [];
  await inParallel(benches, [...namesOf], async (bench, [file, names]) => {
    if (failures.length > 0) return;
    const failure = await bench.failureOf(file, names.has(undefined) ? [] : [...names].map(String));
    if (failure !== undefined) failures.push(failure);
  });
  return failures[0];
}

/**
 * @template T
 * @param {readonly Workbench[]} benches
 * @param {readonly T[]} items
 * @param {(bench: Workbench, item: T) => Promise<void>} work
 */
async function inParallel(benches, items, work) {
  const line = items[Symbol.iterator]();
  await Promise.all(
    benches.map(async (bench) => {
      for (const item of line) await work(bench, item);
    }),
  );
}

/**
 * @param {number} number
 * @param {Mutant} mutant
 * @param {Verdict} verdict
 */
function row(number, { name }, { verdict, by, seconds }) {
  const end = verdict === 'killed' ? by : `${verdict.toUpperCase()}: ${by}`;
  return `| ${number} | ${name} | ${end.replaceAll('|', '\\|')} | ${seconds.toFixed(1)} |`;
}

/** @param {readonly Numbered[]} chosen @param {KnownVerdicts} known */
function groupRows(chosen, known) {
  const rows = Object.entries(GROUPS).map(([group, mutants]) => {
    const verdicts = chosen
      .filter(({ mutant }) => mutants.includes(mutant))
      .map(({ mutant }) => known.of(mutant));
    const killed = verdicts.filter((verdict) => verdict?.verdict === 'killed').length;
    const seconds = verdicts.reduce((sum, verdict) => sum + (verdict?.seconds ?? 0), 0);
    return `| ${group} | ${verdicts.length} | ${killed} | ${(seconds / 60).toFixed(1)} |`;
  });
  return ['| group | mutants | killed | minutes |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

/** Who was not meant this time keeps who killed it last. @param {KnownVerdicts} known */
function writeKilled(known) {
  /** @type {Record<string, Record<string, string>>} */
  const before = existsSync(KILLED) ? JSON.parse(readFileSync(KILLED, 'utf8')) : {};
  const killers = Object.entries(GROUPS).map(([group, mutants]) => [
    group,
    Object.fromEntries(
      mutants.flatMap((mutant) => {
        const verdict = known.of(mutant);
        const by = verdict === undefined ? before[group]?.[mutant.name] : verdict.by;
        return by === undefined || (verdict && verdict.verdict !== 'killed')
          ? []
          : [[mutant.name, by]];
      }),
    ),
  ]);
  writeFileSync(KILLED, `${JSON.stringify(Object.fromEntries(killers), undefined, 2)}\n`);
}
