// @ts-check
/**
 * Breaks the engine on purpose, in one way after the other, and says which test notices.
 *
 *     npm run mutants [-- --only PART_OF_A_NAME] [-- --from NUMBER] [-- --resume]
 *
 * Exit codes: 0 every mutant was killed, 1 one survived or could not be judged, 2 the command line is wrong.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutate, partsOf } from './mutant.mjs';
import { MUTANTS } from './mutants.mjs';

/** @import { Mutant } from './mutant.mjs' */
/**
 * @typedef {object} Verdict
 * @property {'killed' | 'survived' | 'not judged'} verdict
 * @property {string} by The test that failed, or why there is no verdict.
 * @property {number} seconds
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPY = join(
  tmpdir(),
  `mutants-${createHash('sha256').update(ROOT).digest('hex').slice(0, 12)}`,
);
const PROJECT = join(COPY, 'project');
const VERDICTS = join(COPY, 'verdicts.json');
const REPORT = join(COPY, 'report.json');
const COPIED = [
  'src',
  'test',
  'docs',
  'README.md',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];
/** A mutant that hangs is killed, too. */
const TEST_MS_MAX = 240_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

process.exitCode = await main();

async function main() {
  const { only, from, resume } = options();
  const chosen = MUTANTS.map((mutant, i) => ({ mutant, number: i + 1 })).filter(
    ({ mutant, number }) => number >= from && mutant.name.includes(only),
  );
  if (chosen.length === 0) {
    console.error('no mutant is meant');
    return 2;
  }
  const known = resume && existsSync(VERDICTS) ? JSON.parse(readFileSync(VERDICTS, 'utf8')) : {};
  copyProject();
  const start = performance.now();
  const broken = await failureWithoutMutant(chosen.map(({ mutant }) => mutant));
  if (broken !== undefined) {
    console.error(`fails without any mutant: ${broken}`);
    return 1;
  }
  let failures = 0;
  for (const { mutant, number } of chosen) {
    const verdict = known[keyOf(mutant)] ?? (await judge(mutant));
    if (verdict.verdict !== 'killed') failures++;
    else known[keyOf(mutant)] = verdict;
    writeFileSync(VERDICTS, JSON.stringify(known, undefined, 1));
    console.log(row(number, mutant, verdict));
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`\n${chosen.length - failures} of ${chosen.length} mutants killed, ${seconds} s`);
  return failures === 0 ? 0 : 1;
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: '' },
        from: { type: 'string', default: '1' },
        resume: { type: 'boolean', default: false },
      },
    });
    const from = Number(values.from);
    if (!Number.isInteger(from)) throw new Error(`--from ${values.from} is no number`);
    return { only: values.only ?? '', from, resume: values.resume ?? false };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/** What an earlier run has found stands as long as nothing of the mutant has changed. @param {Mutant} mutant */
function keyOf({ file, find, replace, tests }) {
  return JSON.stringify([file, find, replace, tests]);
}

function copyProject() {
  rmSync(PROJECT, { recursive: true, force: true });
  mkdirSync(PROJECT, { recursive: true });
  for (const name of COPIED) cpSync(join(ROOT, name), join(PROJECT, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(PROJECT, 'node_modules'), 'dir');
}

/**
 * A test that fails anyhow kills everything and says nothing.
 *
 * @param {readonly Mutant[]} mutants
 */
async function failureWithoutMutant(mutants) {
  /** @type {Map<string, Set<string | undefined>>} */
  const namesOf = new Map();
  for (const { file, name } of mutants.flatMap(({ tests }) => tests.map(partsOf))) {
    namesOf.set(file, (namesOf.get(file) ?? new Set()).add(name));
  }
  for (const [file, names] of namesOf) {
    const failure = await failureOf(file, names.has(undefined) ? [] : [...names].map(String));
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/**
 * @param {Mutant} mutant
 * @returns {Promise<Verdict>}
 */
async function judge(mutant) {
  const path = join(PROJECT, mutant.file);
  const sound = readFileSync(path, 'utf8');
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 100) / 10;
  try {
    writeFileSync(path, mutate(mutant, sound));
    for (const test of mutant.tests) {
      const { file, name } = partsOf(test);
      const by = await failureOf(file, name === undefined ? [] : [name]);
      if (by !== undefined) return { verdict: 'killed', by, seconds: seconds() };
    }
    return { verdict: 'survived', by: mutant.tests.join(', '), seconds: seconds() };
  } catch (error) {
    const by = error instanceof Error ? error.message : String(error);
    return { verdict: 'not judged', by, seconds: seconds() };
  } finally {
    writeFileSync(path, sound);
  }
}

/**
 * The test that failed; undefined where all passed. Throws where none ran: a mutant that does not
 * even load says nothing about the tests.
 *
 * @param {string} file
 * @param {readonly string[]} names Parts of the names of those that are meant; all, if there are none.
 */
async function failureOf(file, names) {
  rmSync(REPORT, { force: true });
  const patterns = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const only = names.length === 0 ? [] : ['-t', patterns.join('|')];
  const output = ['--reporter=json', `--outputFile=${REPORT}`];
  const end = await vitest(['run', file, ...only, '--bail=1', ...output]);
  if (end.isTimedOut) return `${basename(file)}: it never ends`;
  if (!existsSync(REPORT)) throw new Error(`${file} could not be run: ${end.output.slice(-300)}`);
  /** @type {{ testResults: { assertionResults: { status: string, fullName: string }[] }[] }} */
  const report = JSON.parse(readFileSync(REPORT, 'utf8'));
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.find(({ status }) => status === 'failed');
  if (failed !== undefined) return `${basename(file)}: ${failed.fullName}`;
  if (!results.some(({ status }) => status === 'passed')) throw new Error(`no test of ${file} ran`);
  return undefined;
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<{ isTimedOut: boolean, output: string }>}
 */
function vitest(args) {
  return new Promise((resolve) => {
    const path = join(PROJECT, 'node_modules', 'vitest', 'vitest.mjs');
    // A group of its own: its workers have to go with it.
    const child = spawn(process.execPath, [path, ...args], { cwd: PROJECT, detached: true });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const stop = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const stopAll = () => {
      stop();
      process.exit(130);
    };
    for (const signal of SIGNALS) process.once(signal, stopAll);
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      stop();
    }, TEST_MS_MAX);
    child.on('close', () => {
      clearTimeout(timer);
      for (const signal of SIGNALS) process.off(signal, stopAll);
      resolve({ isTimedOut, output });
    });
  });
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
