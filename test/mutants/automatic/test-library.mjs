// @ts-check
/** Stands in for `vitest` in the bundle: the same runner and matchers, without what surrounds them. */
import * as library from '@vitest/expect';
import { restoreAllMocks, spyOn } from '@vitest/spy';

const { chai } = library;
chai.use(library.JestExtend);
chai.use(library.JestChaiExpect);
chai.use(library.JestAsymmetricMatchers);

/** @param {unknown} value @param {string} [message] */
const plain = (value, message) => chai.expect(value, message);
const matchers = /** @type {Record<symbol, object>} */ (/** @type {unknown} */ (globalThis))[
  library.ASYMMETRIC_MATCHERS_OBJECT
];
export const expect = Object.assign(plain, chai.expect, matchers);
library.setState({ assertionCalls: 0 }, /** @type {any} */ (expect));
/** @type {any} */ (globalThis)[library.GLOBAL_EXPECT] = expect;

export const vi = { spyOn, restoreAllMocks, waitFor };

/** @param {() => unknown} look */
async function waitFor(look) {
  for (let turns = 0; ; turns++) {
    try {
      return await look();
    } catch (error) {
      if (turns === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from '@vitest/runner';
