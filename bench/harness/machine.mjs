// @ts-check
/** Where and of what figures are. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';

const GIB = 1 << 30;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @typedef {Omit<ReturnType<typeof machine>, 'load'> & { load?: string }} Machine */

export function machine() {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    node: process.version,
    system: `${type()} ${release()}`,
    processor: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    load: loadavg()
      .map((load) => load.toFixed(1))
      .join(', '),
    memory: `${Math.round(totalmem() / GIB)} GiB`,
  };
}

function commit() {
  try {
    const git = (/** @type {string[]} */ ...args) =>
      execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
    const isChanged = git('status', '--porcelain', '--', 'src') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? ' and changes to it' : '');
  } catch {
    return 'unknown';
  }
}
