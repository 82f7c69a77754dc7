// @ts-check
/**
 * A process that holds the built tests and runs those it is told to, with the mutant it is told.
 * Whoever started it looks after its time and memory.
 */
import { collectTests, getFn, getHooks } from '@vitest/runner';

/** @import { Suite, Test, VitestRunner } from '@vitest/runner' */
/**
 * @typedef {object} Order
 * @property {number} mutant
 * @property {readonly string[]} tests
 * @property {boolean} isReport Whether the places that were reached are asked for.
 */

const [plan = '{}'] = process.argv.slice(2);
/** @type {{ files: { test: string, path: string }[], switchPath: string, mutant: number }} */
const { files, switchPath, mutant: atLoad } = JSON.parse(plan);
const { mutant } = await import(switchPath);

/** @type {unknown[]} */
const strays = [];
process.on('unhandledRejection', (error) => strays.push(error));
process.on('uncaughtException', (error) => strays.push(error));

mutant.id = atLoad;
/** @type {Map<string, Test>} */
const tests = new Map();
const loadFailure = await collect();
const reachedAtLoad = [...mutant.reached];
mutant.reached.clear();

process.on('message', (/** @type {Order} */ order) => void run(order));
say({ kind: 'ready', tests: [...tests.keys()], reached: reachedAtLoad, failure: loadFailure });

async function collect() {
  const hook = { setupFiles: 'list', hooks: 'stack', concurrent: false, shuffle: false };
  const config = {
    root: process.cwd(),
    setupFiles: [],
    sequence: hook,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxConcurrency: 1,
    retry: 0,
    tags: [],
    allowOnly: true,
    passWithNoTests: true,
    includeTaskLocation: false,
  };
  /** @type {unknown} */
  const runner = { config, importFile: (/** @type {string} */ path) => import(path) };
  const collected = await collectTests(
    files.map(({ path }) => path),
    /** @type {VitestRunner} */ (runner),
  );
  for (const [i, file] of collected.entries()) {
    if (file.result?.state === 'fail') return messageOf(file.result.errors?.[0]);
    add(files[i]?.test ?? '', file, []);
  }
  return undefined;
}

/** @param {string} file @param {Suite} suite @param {readonly string[]} names */
function add(file, suite, names) {
  for (const task of suite.tasks) {
    const path = [...names, task.name];
    if (task.mode !== 'run') continue;
    if (task.type === 'suite') add(file, task, path);
    else tests.set(`${file} > ${path.join(' > ')}`, task);
  }
}

/** @param {Order} order */
async function run({ mutant: id, tests: names, isReport }) {
  mutant.id = id;
  /** @type {Set<Suite>} */
  const prepared = new Set();
  for (const name of names) {
    say({ kind: 'started', name });
    mutant.reached.clear();
    const start = process.cpuUsage();
    const failure = await failureOf(name, prepared);
    const { user, system } = process.cpuUsage(start);
    const milliseconds = (user + system) / 1000;
    if (isReport) say({ kind: 'ran', name, milliseconds, failure, reached: [...mutant.reached] });
    else if (failure !== undefined) {
      say({ kind: 'started', name });
      await close(prepared);
      mutant.id = atLoad;
      const isSpoilt = atLoad === 0 && (await failureOf(name, new Set())) !== undefined;
      say({ kind: 'killed', by: name, failure, isSpoilt });
      return;
    }
  }
  mutant.id = atLoad;
  await close(prepared);
  say({ kind: 'survived' });
}

/** @param {string} name @param {Set<Suite>} prepared */
async function failureOf(name, prepared) {
  const test = /** @type {Test} */ (tests.get(name));
  const suites = suitesOf(test);
  strays.length = 0;
  try {
    for (const suite of suites) {
      if (prepared.has(suite)) continue;
      prepared.add(suite);
      for (const hook of getHooks(suite).beforeAll) await /** @type {any} */ (hook)(suite);
    }
    await runOne(test, suites);
    await new Promise((resolve) => setImmediate(resolve));
    if (strays.length > 0) return messageOf(strays[0]);
  } catch (error) {
    return messageOf(error);
  }
  return undefined;
}

/** @param {Test} test @param {readonly Suite[]} suites */
async function runOne(test, suites) {
  try {
    for (const suite of suites) {
      for (const hook of getHooks(suite).beforeEach) await hook(test.context, suite);
    }
    await getFn(test)();
  } finally {
    for (const suite of [...suites].reverse()) {
      for (const hook of getHooks(suite).afterEach) await hook(test.context, suite);
    }
  }
}

/** The outermost first. @param {Test} test */
function suitesOf(test) {
  /** @type {Suite[]} */
  const suites = [];
  for (let suite = test.suite; suite !== undefined; suite = suite.suite) suites.unshift(suite);
  if (!suites.includes(test.file)) suites.unshift(test.file);
  return suites;
}

/** @param {Set<Suite>} prepared */
async function close(prepared) {
  for (const suite of prepared) {
    for (const hook of getHooks(suite).afterAll) {
      await Promise.resolve(/** @type {any} */ (hook)(suite)).catch(() => undefined);
    }
  }
}

/** @param {unknown} error */
function messageOf(error) {
  const text = error instanceof Error || hasMessage(error) ? error.message : String(error);
  return text.slice(0, 300);
}

/** @param {unknown} error @returns {error is { message: string }} */
function hasMessage(error) {
  return typeof error === 'object' && error !== null && 'message' in error;
}

/** @param {object} message */
function say(message) {
  process.send?.(message);
}
