/** Who writes at full speed shares the thread: with others, and with checkpoints and folds. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';

test('buffered commits one behind the other let others have the thread', async () => {
  const store = await Store.open(new MemoryFileSystem(), { durability: 'buffered' });
  const map = store.map<number, string>('m');
  let turns = 0;
  let isDone = false;
  const countTurns = () => {
    turns++;
    if (!isDone) setImmediate(countTurns);
  };

  setImmediate(countTurns);
  for (let n = 0; n < 5000; n++) await map.put(n, 'x'.repeat(100));
  isDone = true;

  // 5,000 commits of some 250 bytes, and 64 KiB in a turn.
  expect(turns).toBeGreaterThan(15);
  await store.close();
});

test('folds keep up with who writes at full speed', async () => {
  const store = await Store.open(new MemoryFileSystem(), {
    durability: 'buffered',
    checkpointBytes: 2 << 20,
  });
  const map = store.map<number, string>('m');
  let most = 0;
  for (let n = 0; n < 200_000; n += 500) {
    const writes = Array.from({ length: 500 }, (_, i) => ({
      type: 'put' as const,
      map,
      // In no order.
      key: Math.imul(n + i, 0x9e3779b1) >>> 0,
      value: 'x'.repeat(50),
    }));
    await store.batch(writes);
    most = Math.max(most, store.stats().snapshots);
  }

  const { checkpoints, compactions } = store.stats();
  expect(checkpoints).toBeGreaterThan(15);
  expect(compactions).toBeGreaterThan(1);
  // What is being folded, and what has come meanwhile.
  expect(most).toBeLessThanOrEqual(16);
  await store.close();
});
