/**
 * What the contract suites import as `vitest` when they run in a page or a worker: Vitest's own
 * runner and assertions, without its server.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  type ExpectStatic,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';

export { afterEach, beforeEach, describe, test } from '@vitest/runner';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

const scope = globalThis as unknown as { [name: symbol]: object };

export const expect = ((value: unknown, message?: string) =>
  chai.expect(value, message)) as ExpectStatic;
Object.assign(expect, chai.expect, scope[ASYMMETRIC_MATCHERS_OBJECT]);
scope[GLOBAL_EXPECT] = expect;
setState({ assertionCalls: 0, isExpectingAssertions: false, currentTestName: '' }, expect);
