/** Prints how soon a fresh process of Node has read from a store. Figures of this machine: no bound. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const PROCESSES = 5;

/** @param {string} app */
export function showFirstRead(app) {
  const figures = Array.from({ length: PROCESSES }, () => firstRead(app));
  const importing = median(figures.map((figure) => figure.importing));
  const reading = median(figures.map((figure) => figure.reading));
  console.log(
    `\nA fresh process of Node: ${importing.toFixed(0)} ms to import, ` +
      `${reading.toFixed(0)} ms more to open and read (median of ${PROCESSES}).`,
  );
}

/**
 * @param {string} app
 * @returns {{ readonly importing: number, readonly reading: number }}
 */
function firstRead(app) {
  const script = join(app, 'first-read.mjs');
  return JSON.parse(
    execFileSync(process.execPath, [script, join(app, 'store')], { cwd: app }).toString(),
  );
}

/** @param {readonly number[]} numbers */
function median(numbers) {
  return [...numbers].sort((left, right) => left - right)[numbers.length >> 1] ?? Number.NaN;
}
