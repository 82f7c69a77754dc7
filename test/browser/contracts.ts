/** Runs the contract suites in a tab and says what came of them. */
import { expect } from 'vitest';
import type { Tab, Where } from './browsers.ts';
import type { TestOutcome } from './page/run-tests.ts';
import type { HostKind } from './page/store-actions.ts';

export interface Place {
  readonly kind: HostKind;
  readonly where: Where;
}

export const PLACES: readonly Place[] = [
  { kind: 'opfs', where: 'inWorker' },
  { kind: 'indexed-db', where: 'inPage' },
  { kind: 'indexed-db', where: 'inWorker' },
];

export async function holdContracts(
  tab: Tab,
  browser: string,
  { kind, where }: Place,
): Promise<void> {
  const outcomes = await tab.call<TestOutcome[]>(where, 'contracts', kind, `contracts ${where}`);

  const failed = outcomes.filter(({ state }) => state === 'failed');
  const skipped = outcomes.filter(({ state }) => state === 'skipped').length;
  const passed = outcomes.length - failed.length - skipped;
  console.log(
    `${browser}, ${kind} ${where === 'inPage' ? 'in a page' : 'in a worker'}: ` +
      `${outcomes.length} tests, ${passed} passed, ${failed.length} failed, ${skipped} skipped`,
  );
  expect(failed.map(({ name, failure }) => `${name}\n${failure}`).join('\n\n')).toBe('');
  expect(passed).toBeGreaterThan(80);
}
