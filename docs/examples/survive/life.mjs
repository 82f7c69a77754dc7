// @ts-check
/**
 * One life of a worker process: it is started, it reports what it does, and at the chosen moment
 * it gets SIGKILL, which no program can catch, delay or clean up after.
 */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { readReports } from './report.mjs';

/** @import { Report } from './report.mjs' */

/**
 * When to kill: `delayMs` after the worker has made the report called `report` `count` times.
 *
 * @typedef {object} Moment
 * @property {string} label for people: "while it was ..."
 * @property {string} report
 * @property {number} count
 * @property {number} delayMs
 */

/**
 * @typedef {object} Worker
 * @property {URL} script
 * @property {object} task handed over as JSON
 */

/** A slow disk must not make a life long: whatever was planned, it ends after this. */
const LIFE_MS_MAX = 4000;

/**
 * Runs a worker until its moment or, without one, to its end. Resolves when everything that the
 * worker reported has been heard.
 *
 * @param {Worker} worker
 * @param {Moment | undefined} moment
 * @param {(report: Report) => void} onReport
 * @returns {Promise<string>} what ended it: a signal, or `exit code 0`
 */
export function live(worker, moment, onReport) {
  const command = [fileURLToPath(worker.script), JSON.stringify(worker.task)];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  const deadline = moment && setTimeout(kill, LIFE_MS_MAX);
  let count = 0;
  readReports(child.stdout, (report) => {
    onReport(report);
    if (report.name !== moment?.report) return;
    count += 1;
    if (count === moment.count) after(moment.delayMs, kill);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      clearTimeout(deadline);
      resolve(signal ?? `exit code ${exitCode}`);
    });
  });
}

/** Timers are no finer than a millisecond, and a commit may take less. */
const TIMER_MS_MIN = 1;

/** @param {number} delayMs @param {() => void} run */
function after(delayMs, run) {
  if (delayMs >= TIMER_MS_MIN) return void setTimeout(run, delayMs);
  const end = performance.now() + delayMs;
  while (performance.now() < end);
  run();
}
