// @ts-check
/**
 * How a worker talks to its parent: lines of a name and up to two numbers on standard output.
 *
 *     report := name [" " number [" " sequence]] "\n"
 */
import { writeSync } from 'node:fs';

/**
 * @typedef {object} Report
 * @property {string} name
 * @property {number} number what was done: a trigger's number, a block's height
 * @property {number} sequence the sequence id of the commit that did it
 */

const STANDARD_OUTPUT = 1;
const RETRY_MS = 1;

/**
 * Returns when the pipe has the line: a report that was made survives the death of its worker.
 *
 * @param {string} name
 * @param {...number} numbers
 */
export function report(name, ...numbers) {
  let left = Buffer.from(`${[name, ...numbers].join(' ')}\n`);
  while (left.length > 0) left = left.subarray(writeSome(left));
}

/** A full pipe takes nothing until its reader has caught up. @param {Uint8Array} bytes */
function writeSome(bytes) {
  try {
    return writeSync(STANDARD_OUTPUT, bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    return 0;
  }
}

/** @param {string} line @returns {Report} */
export function parseReport(line) {
  const [name = '', number, sequence] = line.split(' ');
  return { name, number: Number(number), sequence: Number(sequence) };
}

/** @param {import('node:stream').Readable} stream @param {(report: Report) => void} onReport */
export function readReports(stream, onReport) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (/** @type {string} */ text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onReport(parseReport(line));
  });
}
