// @ts-check
/** A copy of the project in which one mutant at a time is tried, within bounds of time and memory. */
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
import { groupMemory, stopGroup } from './bounds.mjs';
import { mutate, partsOf } from './mutant.mjs';

/** @import { Mutant } from './mutant.mjs' */
/**
 * @typedef {object} Verdict
 * @property {'killed' | 'survived' | 'not judged'} verdict
 * @property {string} by The test that failed, or why there is no verdict.
 * @property {number} seconds
 */

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
/** And one that takes all memory: vitest and its worker together, buffers included. */
const MEMORY_SIZE_MAX = 3 * 2 ** 30;
const HEAP_MIB_MAX = 1024;
const MEMORY_LOOK_MS = 100;

export class Workbench {
  #project;
  #report;

  /** @param {string} root @param {number} number Of several at the same time. */
  constructor(root, number) {
    const directory = Workbench.directory(root);
    this.#project = join(directory, `project-${number}`);
    this.#report = join(directory, `report-${number}.json`);
    rmSync(this.#project, { recursive: true, force: true });
    mkdirSync(this.#project, { recursive: true });
    for (const name of COPIED) {
      cpSync(join(root, name), join(this.#project, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(this.#project, 'node_modules'), 'dir');
  }

  /** The same for every run of one project, so that a run can go on where one was stopped. @param {string} root */
  static directory(root) {
    const id = createHash('sha256').update(root).digest('hex').slice(0, 12);
    return join(tmpdir(), `mutants-${id}`);
  }

  /**
   * @param {Mutant} mutant
   * @returns {Promise<Verdict>}
   */
  async judge(mutant) {
    const path = join(this.#project, mutant.file);
    const sound = readFileSync(path, 'utf8');
    const start = performance.now();
    const seconds = () => Math.round((performance.now() - start) / 100) / 10;
    try {
      writeFileSync(path, mutate(mutant, sound));
      for (const test of mutant.tests) {
        const { file, name } = partsOf(test);
        const by = await this.failureOf(file, name === undefined ? [] : [name]);
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
  async failureOf(file, names) {
    rmSync(this.#report, { force: true });
    const patterns = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const only = names.length === 0 ? [] : ['-t', patterns.join('|')];
    const output = ['--reporter=json', `--outputFile=${this.#report}`];
    const end = await this.#vitest(['run', file, ...only, '--bail=1', ...output]);
    if (end.bound !== undefined) return `${basename(file)}: ${end.bound}`;
    if (!existsSync(this.#report)) {
      throw new Error(`${file} could not be run: ${end.output.slice(-300)}`);
    }
    /** @type {{ testResults: { message: string, assertionResults: { status: string, fullName: string }[] }[] }} */
    const report = JSON.parse(readFileSync(this.#report, 'utf8'));
    const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = results.find(({ status }) => status === 'failed');
    if (failed !== undefined) return `${basename(file)}: ${failed.fullName}`;
    if (/out of memory|ERR_WORKER_OUT_OF_MEMORY/.test(end.output)) {
      return `${basename(file)}: it takes more than ${HEAP_MIB_MAX} MiB of heap`;
    }
    if (!results.some(({ status }) => status === 'passed')) {
      throw new Error(`no test of ${file} ran: ${report.testResults[0]?.message ?? ''}`);
    }
    return undefined;
  }

  /**
   * @param {readonly string[]} args
   * @returns {Promise<{ bound: string | undefined, output: string }>}
   */
  #vitest(args) {
    return new Promise((resolve) => {
      const path = join(this.#project, 'node_modules', 'vitest', 'vitest.mjs');
      const bounded = [
        ...args,
        '--maxWorkers=1',
        `--execArgv=--max-old-space-size=${HEAP_MIB_MAX}`,
      ];
      // A group of its own: its workers have to go with it.
      const child = spawn(process.execPath, [path, ...bounded], {
        cwd: this.#project,
        detached: true,
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          output += text;
        });
      }
      /** @type {string | undefined} */
      let bound;
      /** @param {string} words */
      const stop = (words) => {
        bound ??= words;
        stopGroup(child.pid);
      };
      const forget = onEnd(() => stopGroup(child.pid));
      const timer = setTimeout(() => stop('it never ends'), TEST_MS_MAX);
      const look = setInterval(() => {
        if (groupMemory(child.pid) > MEMORY_SIZE_MAX) stop('it takes all memory');
      }, MEMORY_LOOK_MS);
      child.on('close', () => {
        clearTimeout(timer);
        clearInterval(look);
        forget();
        resolve({ bound, output });
      });
    });
  }
}

/** @type {Set<() => void>} */
const atEnd = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const stop of atEnd) stop();
    process.exit(130);
  });
}

/** Runs `stop` where the run is stopped from outside; returns how to take that back. @param {() => void} stop */
function onEnd(stop) {
  atEnd.add(stop);
  return () => atEnd.delete(stop);
}
