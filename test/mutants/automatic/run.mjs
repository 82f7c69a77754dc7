// @ts-check
/**
 * Makes thousands of small changes in the rooms that must not fail, and shows those that no test notices.
 *
 *     npm run mutants:auto -- --room wal [--file PART] [--sample COUNT --seed NUMBER]
 *                          [--test-seconds 5] [--seconds 6] [--resume] [--again]
 *
 * `--test-seconds` leaves tests out that take longer; `--seconds` is the time of all tests of one
 * mutant, the most promising first. `--resume` keeps what was found before; `--again` looks again at
 * those that have survived then. Survivors that `judged.json` names are not shown again. Exit codes: 0 nobody else has
 * survived, 1 somebody has, 2 the command line is wrong.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleTests } from './bundle.mjs';
import { coverageOf } from './coverage.mjs';
import { Judge } from './judge.mjs';
import { automaticMutants, ROOMS } from './mutants.mjs';
import { readJudged, scoreRows } from './score.mjs';

/** @import { Verdict } from './judge.mjs' */
/** @import { AutomaticMutant } from './mutants.mjs' */

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const DIRECTORY = join(tmpdir(), `mutants-automatic-${ROOT.replaceAll('/', '-')}`);
const VERDICTS = join(DIRECTORY, 'verdicts.json');
const TESTED = [
  /^test\/(wal|snapshot|store|format|memtable)\/[^/]*\.test\.ts$/,
  /^test\/docs\/(format|format-rules|bounds|errors)\.test\.ts$/,
];

const { values } = parseArgs({
  options: {
    room: { type: 'string', default: '' },
    file: { type: 'string', default: '' },
    sample: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    'test-seconds': { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    again: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
  },
});
process.exitCode = await main();

async function main() {
  if (values.room !== '' && ROOMS[values.room] === undefined) {
    console.error(`no room ${values.room}: there are ${Object.keys(ROOMS).join(', ')}`);
    return 2;
  }
  mkdirSync(DIRECTORY, { recursive: true });
  const mutants = automaticMutants(ROOT);
  const plan = { root: ROOT, directory: DIRECTORY, tests: testFiles(), mutants };
  const coverage = await coverageOf({
    ...plan,
    millisecondsMax: 1000 * Number(values['test-seconds']),
  });
  console.log(`${Object.keys(coverage.tests).length} tests; left out:`);
  for (const name of coverage.leftOut) console.log(`- ${name}`);
  const built = await bundleTests({ ...plan, directory: join(DIRECTORY, 'fast'), asks: 'fast' });
  const budgetMs = 1000 * Number(values.seconds);
  const judge = new Judge({ built, root: ROOT, coverage, budgetMs });
  const verdicts = await judgeAll(judge, mutants);
  judge.end();
  return show(mutants, verdicts);
}

function testFiles() {
  return readdirSync(join(ROOT, 'test'), { recursive: true })
    .map((name) => `test/${name}`)
    .filter((path) => TESTED.some((pattern) => pattern.test(path)))
    .sort();
}

/** @param {Judge} judge @param {readonly AutomaticMutant[]} mutants */
async function judgeAll(judge, mutants) {
  /** @type {Record<string, Verdict>} */
  const known =
    (values.resume || values.again) && existsSync(VERDICTS)
      ? JSON.parse(readFileSync(VERDICTS, 'utf8'))
      : {};
  /** @type {Map<AutomaticMutant, Verdict>} */
  const verdicts = new Map();
  const chosen = sampled(
    mutants.filter(({ room, file }) => room.includes(values.room) && file.includes(values.file)),
  );
  for (const mutant of chosen) {
    const besides = mutants.filter(({ file }) => file === mutant.file);
    const before = known[mutant.name];
    const isKept = before !== undefined && !(values.again && before.verdict !== 'killed');
    const verdict = isKept ? before : await judge.judge(mutant, besides);
    known[mutant.name] = verdict;
    verdicts.set(mutant, verdict);
    writeFileSync(VERDICTS, JSON.stringify(known, undefined, 1));
    if (verdict.verdict !== 'killed') {
      console.log(
        `${verdict.verdict}: ${mutant.file}:${mutant.line} ${mutant.name} (${verdict.by})`,
      );
    }
  }
  return verdicts;
}

/** @param {readonly AutomaticMutant[]} mutants */
function sampled(mutants) {
  const random = seeded(Number(values.seed));
  return mutants
    .map((mutant) => ({ mutant, lot: random() }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, Number(values.sample))
    .map(({ mutant }) => mutant)
    .sort((a, b) => a.id - b.id);
}

/** Numbers from 0 to 1, the same for the same seed. @param {number} seed */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @param {readonly AutomaticMutant[]} mutants @param {Map<AutomaticMutant, Verdict>} verdicts */
function show(mutants, verdicts) {
  const judged = readJudged();
  console.log(`\n${scoreRows(verdicts, judged)}`);
  const names = new Set(mutants.map(({ name }) => name));
  for (const name of Object.keys(judged)) {
    if (!names.has(name)) console.log(`judged, and not there any more: ${name}`);
  }
  const survivors = [...verdicts].filter(
    ([{ name }, { verdict }]) => verdict !== 'killed' && judged[name] === undefined,
  );
  console.log(`\n${survivors.length} survivors that nobody has judged`);
  for (const [{ file, line, name }, { verdict, by }] of survivors) {
    console.log(`${file}:${line} ${name} [${verdict}: ${by}]`);
  }
  return survivors.length === 0 ? 0 : 1;
}
