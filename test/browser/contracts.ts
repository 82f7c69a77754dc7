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

/** Suite by suite, so that one that does not come to an end has a name. */
export async function holdContracts(
  tab: Tab,
  browser: string,
  { kind, where }: Place,
): Promise<void> {
  const outcomes: TestOutcome[] = [];
  const place = `${browser}, ${kind} ${where === 'inPage' ? 'in a page' : 'in a worker'}`;
  for (const suite of await tab.call<string[]>(where, 'suiteNames')) {
    const start = Date.now();
    const root = `${suite} ${where}`;
    const found = await tab.call<TestOutcome[]>(where, 'contract', kind, suite, root);
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    console.log(`${place}, ${suite}: ${tallyOf(found)}, ${seconds} s`);
    outcomes.push(...found);
  }

  console.log(`${place}: ${tallyOf(outcomes)}`);
  const failed = outcomes.filter(({ state }) => state === 'failed');
  expect(failed.map(({ name, failure }) => `${name}\n${failure}`).join('\n\n')).toBe('');
  expect(outcomes.filter(({ state }) => state === 'passed').length).toBeGreaterThan(80);
}

function tallyOf(outcomes: readonly TestOutcome[]): string {
  const count = (state: TestOutcome['state']) =>
    outcomes.filter((outcome) => outcome.state === state).length;
  return (
    `${outcomes.length} tests, ${count('passed')} passed, ${count('failed')} failed, ` +
    `${count('skipped')} skipped`
  );
}
