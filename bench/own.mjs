// @ts-check
/**
 * What does each thing cost, and what would it cost at least on this machine?
 *
 *     npm run bench [-- --only QUESTION,... --entries N --rounds N --json FILE]
 */
import { writeFileSync } from 'node:fs';
import { onewal } from './engines/onewal.mjs';
import { chosenQuestions, commandLine } from './harness/command-line.mjs';
import { machine } from './harness/machine.mjs';
import { ownTable } from './harness/own-table.mjs';
import { run } from './harness/run.mjs';
import { QUESTIONS } from './questions/all.mjs';

const { scale, rounds, only, json } = commandLine('bench', { entries: 1_000_000, rounds: 1 });
const questions = chosenQuestions(QUESTIONS, only);
const results = await run({
  questions,
  engines: [onewal],
  rounds,
  scale,
  withBare: true,
  onProgress: console.error,
});
console.log(ownTable(questions, results));
if (json !== undefined) {
  writeFileSync(
    json,
    `${JSON.stringify({ machine: machine(), scale, rounds, results }, null, 2)}\n`,
  );
}
