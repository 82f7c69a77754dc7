// @ts-check
/**
 * How fast is it beside others, at the same work with the same durability?
 *
 *     npm run bench:peers [-- --entries N --rounds N --only QUESTION,... --engines ENGINE,...]
 *
 * A whole run writes docs/performance.md.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINES } from './engines/all.mjs';
import { PEERS } from './engines/import-peer.mjs';
import { chosenQuestions, commandLine } from './harness/command-line.mjs';
import { compared } from './harness/comparison.mjs';
import { machine } from './harness/machine.mjs';
import { keepFigures, writePage } from './harness/page.mjs';
import { peersTable } from './harness/peers-table.mjs';
import { run } from './harness/run.mjs';
import { QUESTIONS } from './questions/all.mjs';

const line = commandLine('bench:peers', { entries: 1_000_000, rounds: 3 });
installPeers();

const questions = chosenQuestions(QUESTIONS, line.only);
const engines = ENGINES.filter(({ name }) => line.engines?.includes(name) ?? true);
const { scale, rounds } = line;
const results = await run({
  ...{ questions, engines, rounds, scale },
  withBare: true,
  onProgress: console.error,
});
const names = engines.map(({ name }) => name);
console.log(peersTable(compared(questions, results), names));

const versions = Object.fromEntries(engines.map((kind) => [kind.name, kind.version()]));
const figures = { machine: machine(), versions, scale, rounds, results };
if (line.json !== undefined) writeFileSync(line.json, `${JSON.stringify(figures, null, 2)}\n`);
if (questions.length === QUESTIONS.length && engines.length === ENGINES.length) {
  keepFigures('peers', figures);
  writePage();
}

function installPeers() {
  if (existsSync(join(PEERS, 'node_modules'))) return;
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(1);
}
