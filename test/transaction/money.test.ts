/** Many writers in one process move money: whatever they run under, the sum stays. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store, type TransactionOptions } from '../../src/index.ts';
import { seededNumbers } from '../support/seeded.ts';

const ACCOUNT_COUNT = 100;
const START_BALANCE = 100;

const manners: readonly TransactionOptions[] = [
  { isolation: 'serializable' },
  { isolation: 'snapshot' },
  { mode: 'pessimistic' },
  { mode: 'pessimistic', isolation: 'snapshot' },
];

test.each(manners)('the sum stays under %o', async (options) => {
  const store = await Store.open(new MemoryFileSystem());
  const accounts = store.map<number, number>('accounts');
  await store.batch(
    Array.from({ length: ACCOUNT_COUNT }, (_, key) => ({
      type: 'put',
      map: accounts,
      key,
      value: START_BALANCE,
    })),
  );
  let reruns = 0;
  const write = async (seed: number): Promise<void> => {
    const next = seededNumbers(seed);
    for (let n = 0; n < 60; n++) {
      // Few accounts are hot, so that writers meet.
      const [from, to, amount] = [next() % 5, next() % ACCOUNT_COUNT, next() % 20];
      await store.transaction(
        async (transaction, attempt) => {
          if (attempt > 1) reruns++;
          const own = transaction.map(accounts);
          if (options.mode === 'pessimistic') {
            await own.lock(from);
            await own.lock(to);
          }
          const balance = own.get(from) ?? 0;
          await Promise.resolve();
          if (balance < amount) return;
          own.put(from, balance - amount);
          own.put(to, (own.get(to) ?? 0) + amount);
        },
        { ...options, maxRetries: 200 },
      );
    }
  };
  await Promise.all([1, 2, 3, 4].map(write));

  const balances = Array.from(accounts.getRange(), ({ value }) => value);
  expect(balances.reduce((sum, balance) => sum + balance)).toBe(ACCOUNT_COUNT * START_BALANCE);
  expect(Math.min(...balances)).toBeGreaterThanOrEqual(0);
  if (options.mode !== 'pessimistic') expect(reruns).toBeGreaterThan(0);
  await store.close();
});
