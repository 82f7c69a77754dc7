/** Runs the contract suites in a tab and says what came of them. */
import { expect } from 'vitest';
import type { Tab } from './browsers.ts';
import type { HostKind } from './page/actions.ts';
import type { TestOutcome } from './page/run-tests.ts';

export interface Place {
  readonly browser: string;
  readonly where: 'inPage' | 'inWorker';
  readonly kind: HostKind;
}

export async function holdContracts(tab: Tab, { browser, where, kind }: Place): Promise<void> {
  const outcomes = await tab.call<TestOutcome[]>(where, 'contracts', kind);

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
