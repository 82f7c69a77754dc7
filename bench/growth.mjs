// @ts-check
/**
 * How do costs grow from 10^4 to 10^7 entries, and what does a store do that is larger than its memory?
 *
 *     npm run bench:growth [-- --entries N --engines ENGINE,... --only QUESTION,...]
 *
 * `--entries` is the most; `--only larger-than-memory` leaves the growth out.
 */
import { ENGINES } from './engines/all.mjs';
import { askInProcess } from './harness/ask.mjs';
import { chosenQuestions, commandLine } from './harness/command-line.mjs';
import { machine } from './harness/machine.mjs';
import { keepFigures, writePage } from './harness/page.mjs';
import { run } from './harness/run.mjs';
import { discard, scratchDirectory } from './harness/scratch.mjs';
import { aligned, figure } from './harness/table.mjs';
import { QUESTIONS } from './questions/all.mjs';
import { larger } from './questions/larger-than-memory.mjs';

/** @import { Figures } from './harness/types.ts' */

const ENTRIES_MIN = 10_000;
const GROWING = ['load', 'opening', 'reads', 'scans', 'memory', 'commits', 'amplification'];
const MEMORY_FLAG = '--max-old-space-size=256';

const line = commandLine('bench:growth', { entries: 10_000_000, rounds: 1 });
const isWhole = line.only.length === 0;
const chosen = isWhole ? GROWING : GROWING.filter((name) => line.only.includes(name));
const engines = ENGINES.filter(({ name }) => (line.engines ?? ['onewal']).includes(name));

const sizes = chosen.length === 0 ? [] : await grow();
const small = isWhole || line.only.includes(larger.name) ? askLarger() : undefined;
if (isWhole) {
  keepFigures('growth', { machine: machine(), sizes, small });
  writePage();
}

async function grow() {
  const found = [];
  const questions = chosenQuestions(QUESTIONS, chosen);
  for (let entries = ENTRIES_MIN; entries <= line.scale.entries; entries *= 10) {
    const scale = { ...line.scale, entries };
    const results = await run({ questions, engines, rounds: 1, scale, onProgress: console.error });
    const first = Object.fromEntries(
      Object.entries(results).map(([engine, answers]) => [engine, firstOfEach(answers)]),
    );
    found.push({ entries, engines: first });
    print(`${entries.toLocaleString('en')} entries`, first);
  }
  return found;
}

/** @param {Record<string, Record<string, number[]>>} answers @returns {Record<string, Figures>} */
function firstOfEach(answers) {
  return Object.fromEntries(
    Object.entries(answers).map(([question, rows]) => [
      question,
      Object.fromEntries(Object.entries(rows).map(([row, [value = 0]]) => [row, value])),
    ]),
  );
}

function askLarger() {
  const directory = scratchDirectory();
  const request = { question: larger.name, engine: 'onewal', directory, scale: line.scale };
  const figures = askInProcess(request, [MEMORY_FLAG]);
  discard(directory);
  print(larger.asks, { onewal: { [larger.name]: figures } });
  return figures;
}

/** @param {string} title @param {Record<string, Record<string, Figures>>} engines */
function print(title, engines) {
  const names = Object.keys(engines);
  const rows = Object.entries(engines[names[0] ?? ''] ?? {}).flatMap(([question, figures]) =>
    Object.keys(figures).map((row) => [
      `  ${question}: ${row}`,
      ...names.map((name) => figure(engines[name]?.[question]?.[row])),
    ]),
  );
  console.log(`${title}\n\n${aligned([['', ...names], ...rows])}\n`);
}
