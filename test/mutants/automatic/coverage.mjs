// @ts-check
/** Which test reaches which mutant, and how long each test takes. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleTests } from './bundle.mjs';
import { Worker } from './crew.mjs';

/** @import { AutomaticMutant } from './mutants.mjs' */
/**
 * @typedef {object} Coverage
 * @property {Record<string, { milliseconds: number, reached: number[] }>} tests
 * @property {number[]} atLoad Mutants that are reached before any test runs.
 * @property {string[]} leftOut Tests that take too long, or fail where they stand here.
 * @property {Record<string, string>} hashes Of the files of the tests.
 */

/**
 * @param {object} plan
 * @param {string} plan.root
 * @param {string} plan.directory
 * @param {readonly string[]} plan.tests
 * @param {readonly AutomaticMutant[]} plan.mutants
 * @param {number} plan.millisecondsMax Of one test.
 * @returns {Promise<Coverage>}
 */
export async function coverageOf({ millisecondsMax, ...plan }) {
  const { root, directory, tests, mutants } = plan;
  const path = join(directory, `coverage-${keyOf(mutants, millisecondsMax)}.json`);
  const hashes = hashesOf(root, tests);
  const coverage = knownCoverage(path, hashes);
  const changed = tests.filter((test) => coverage.hashes[test] === undefined);
  if (changed.length === 0) return coverage;
  const built = await bundleTests({
    ...{ root, mutants, tests: changed },
    directory: join(directory, 'covering'),
    asks: 'covering',
  });
  /** @type {string[] | undefined} */
  let left;
  while (left === undefined || left.length > 0) {
    const worker = new Worker(built, root);
    const start = await worker.ready();
    if (start.kind !== 'ready' || start.failure) throw new Error(`${start.bound ?? start.failure}`);
    coverage.atLoad = start.reached;
    left ??= /** @type {string[]} */ (start.tests);
    const end = await worker.run(
      { mutant: 0, tests: left, isReport: true },
      () => millisecondsMax,
      ({ name, milliseconds, reached, failure }) => {
        if (failure === undefined) coverage.tests[name] = { milliseconds, reached };
        else coverage.leftOut.push(`${name}: ${failure}`);
      },
    );
    worker.end();
    if (end.kind !== 'ended') break;
    coverage.leftOut.push(`${end.name}: ${end.bound}`);
    left = left.slice(left.indexOf(end.name) + 1);
  }
  coverage.hashes = hashes;
  writeFileSync(path, JSON.stringify(coverage));
  return coverage;
}

/** @param {readonly AutomaticMutant[]} mutants @param {number} millisecondsMax */
function keyOf(mutants, millisecondsMax) {
  const names = mutants.map(({ name, start }) => [name, start]);
  return hashOf(JSON.stringify([names, millisecondsMax]));
}

/** @param {string} root @param {readonly string[]} tests */
function hashesOf(root, tests) {
  return Object.fromEntries(tests.map((test) => [test, hashOf(readFileSync(join(root, test)))]));
}

/** @param {string | Uint8Array} content */
function hashOf(content) {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

/**
 * What was found before about the files that are still the same.
 *
 * @param {string} path
 * @param {Record<string, string>} hashes
 * @returns {Coverage}
 */
function knownCoverage(path, hashes) {
  if (!existsSync(path)) return { tests: {}, atLoad: [], leftOut: [], hashes: {} };
  /** @type {Coverage} */
  const found = JSON.parse(readFileSync(path, 'utf8'));
  const isSame = (/** @type {string} */ name) => {
    const [test = ''] = name.split(' > ');
    return hashes[test] !== undefined && found.hashes[test] === hashes[test];
  };
  return {
    tests: Object.fromEntries(Object.entries(found.tests).filter(([name]) => isSame(name))),
    atLoad: found.atLoad,
    leftOut: found.leftOut.filter(isSame),
    hashes: Object.fromEntries(Object.entries(found.hashes).filter(([name]) => isSame(name))),
  };
}
