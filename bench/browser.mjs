// @ts-check
/**
 * How fast is it in browsers, beside others, with the same durability?
 *
 *     npm run bench:browser [-- --entries N --rounds N --milliseconds N --engines ENGINE,... --only BROWSER,...]
 *
 * A whole run writes docs/performance.md.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BARE, BROWSER_QUESTION, ENGINE_OPTIONS, isPeer, OURS } from './browser/questions.mjs';
import { commandLine } from './harness/command-line.mjs';
import { compared } from './harness/comparison.mjs';
import { machine } from './harness/machine.mjs';
import { peersTable } from './harness/peers-table.mjs';

/** @import { BrowserKind } from './browser/browsers.mjs' */
/** @import { Results } from './harness/run.mjs' */

const PEERS = fileURLToPath(new URL('browser/peers', import.meta.url));
const ENGINES = Object.keys(ENGINE_OPTIONS).filter((name) => name !== BARE);

const line = commandLine('bench:browser', { entries: 20_000, rounds: 3, milliseconds: 800 });
installPeers();
const { BROWSERS, openPage } = await import('./browser/browsers.mjs');
const { serveSite, versionOfPeer } = await import('./browser/site.mjs');

const browsers = BROWSERS.filter(({ name }) => line.only.length === 0 || line.only.includes(name));
const engines = ENGINES.filter((name) => line.engines?.includes(name) ?? true);
const site = await serveSite();
/** @type {Record<string, Results>} */
const results = Object.fromEntries(browsers.map(({ name }) => [name, {}]));
for (let round = 1; round <= line.rounds; round++) {
  for (const kind of browsers) await runRound(kind, round);
}
site.close();
for (const { name, title } of browsers) {
  const shown = compared([BROWSER_QUESTION], results[name] ?? {}, { ours: OURS, isPeer });
  console.log(`${title}\n\n${peersTable(shown, engines)}\n`);
}

const figures = {
  machine: machine(),
  browsers: Object.fromEntries(browsers.map(({ name, title }) => [name, title])),
  versions: Object.fromEntries(engines.map((name) => [name, versionOf(name)])),
  scale: line.scale,
  rounds: line.rounds,
  results,
};
if (line.json !== undefined) writeFileSync(line.json, `${JSON.stringify(figures, null, 2)}\n`);
if (browsers.length === 2 && engines.length === ENGINES.length) {
  const { keepFigures, writePage } = await import('./harness/page.mjs');
  keepFigures('browser', figures);
  writePage();
}

/** The engines take turns, and the first of them is another in each round. @param {BrowserKind} kind @param {number} round */
async function runRound(kind, round) {
  const page = await openPage(kind, site.url);
  const first = (round - 1) % engines.length;
  try {
    for (const engine of [...engines.slice(first), ...engines.slice(0, first)]) {
      console.error(`round ${round} of ${line.rounds}, ${kind.title}: ${engine}`);
      const request = { engine, store: `bench-${engine}`, scale: line.scale };
      keep(kind, engine, await page.ask({ ...request, task: 'fill' }));
      keep(kind, engine, await page.ask({ ...request, task: 'measure' }));
    }
  } finally {
    await page.close();
  }
}

/** @param {BrowserKind} kind @param {string} engine @param {Record<string, number>} figures */
function keep({ name }, engine, { 'write + flush': bare, ...figures }) {
  for (const [row, value] of Object.entries(figures)) add(name, { engine, row, value });
  if (engine === OURS && bare !== undefined) {
    add(name, { engine: BARE, row: 'one at a time', value: bare });
  }
}

/** @param {string} browser @param {{ engine: string, row: string, value: number }} figure */
function add(browser, { engine, row, value }) {
  const found = results[browser] ?? {};
  found[engine] ??= {};
  found[engine][BROWSER_QUESTION.name] ??= {};
  const rows = found[engine][BROWSER_QUESTION.name] ?? {};
  rows[row] = [...(rows[row] ?? []), value];
}

/** @param {string} name */
function versionOf(name) {
  const library = ENGINE_OPTIONS[name]?.library;
  return library === undefined ? '' : versionOfPeer(library);
}

function installPeers() {
  if (existsSync(join(PEERS, 'node_modules'))) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(1);
}
