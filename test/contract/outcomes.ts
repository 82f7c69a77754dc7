/** Conditional puts and tokens of every store, on every host. Run by test/store/store.test.ts. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { Store, type StoreMap } from '../../src/index.ts';
import type { StoreHost } from './store.ts';

export function outcomeContract(host: StoreHost): void {
  let fs: FileSystem;
  let store: Store;
  let map: StoreMap<string, number>;

  beforeEach(async () => {
    fs = host.make();
    store = await Store.open(fs);
    map = store.map('m');
  });

  afterEach(() => store.close());

  async function reopen(): Promise<void> {
    await store.close();
    store = await Store.open(fs);
    map = store.map('m');
  }

  const conflict = { code: 'CONFLICT', committed: 'no', map: 'm', key: 'k' };

  describe(`conditional puts and tokens of a store on ${host.name}`, () => {
    test('let the first of several puts win where the key must be absent', async () => {
      const puts = [1, 2, 3].map((value) => map.put('k', value, { ifAbsent: true }));
      const outcomes = await Promise.allSettled(puts);

      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
      expect(outcomes[1]).toMatchObject({ reason: conflict });
      expect(map.get('k')).toBe(1);
      await store.checkpoint();
      await expect(map.put('k', 4, { ifAbsent: true })).rejects.toMatchObject(conflict);
      await map.remove('k');
      await map.put('k', 5, { ifAbsent: true });
      expect(map.get('k')).toBe(5);
    });

    test('put over the entry of one commit, and over no other', async () => {
      const { sequence } = await map.put('k', 1);
      await map.put('other', 1);
      await store.checkpoint();

      const second = await map.put('k', 2, { ifSequence: sequence });
      await expect(map.put('k', 3, { ifSequence: sequence })).rejects.toMatchObject(conflict);
      const together = [3, 4].map((value) => map.put('k', value, { ifSequence: second.sequence }));
      const [third, refused] = await Promise.allSettled(together);
      expect([third?.status, refused?.status]).toEqual(['fulfilled', 'rejected']);
      expect(map.getEntry('k')).toEqual({ key: 'k', value: 3, sequence: 4 });
      await map.remove('k');
      await expect(map.put('k', 5, { ifSequence: 4 })).rejects.toMatchObject(conflict);
      expect(map.has('k')).toBe(false);
    });

    test('refuse conditions and tokens that make no sense', async () => {
      for (const options of [
        { ifAbsent: true, ifSequence: 1 },
        { ifAbsent: false },
        { ifSequence: 0 },
        { token: '' },
        { token: 'x'.repeat(65) },
        { token: '\ud800' },
        { token: 7 },
      ]) {
        await expect(map.put('k', 1, options as never)).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
      }
      expect(store.info.sequence).toBe(0);
    });

    test('know which tokens were committed, after reopening, checkpoint and compaction too', async () => {
      expect(store.outcomeOf('t1')).toBe('absent');
      const first = map.put('k', 1, { token: 't1' });
      expect(store.outcomeOf('t1')).toBe('unknown');
      await first;
      await store.checkpoint();
      await store.batch([{ type: 'remove', map, key: 'k' }], { token: Uint8Array.of(0, 255) });
      await store.transaction((t) => t.map(map).put('k', 2), { token: 't3' });
      await store.batch([], { token: 'empty' });
      await store.transaction(() => undefined, { token: 'empty too' });

      const tokens = ['t1', Uint8Array.of(0, 255), 't3', 'empty', 'empty too', 't2'];
      const expected = [...Array(5).fill('committed'), 'absent'];
      const outcomes = () => tokens.map((token) => store.outcomeOf(token));
      expect(outcomes()).toEqual(expected);
      await reopen();
      expect(outcomes()).toEqual(expected);
      await store.compact();
      await map.put('k', 3);
      await reopen();
      expect(outcomes()).toEqual(expected);
      await store.checkpoint();
      await reopen();
      expect([...outcomes(), store.info.sequence]).toEqual([...expected, 6]);
    });

    test('refuse a token that a commit carried before, and name that commit', async () => {
      const [first, again] = await Promise.allSettled([
        map.put('k', 1, { token: 'once' }),
        map.put('k', 2, { token: 'once' }),
      ]);

      const used = {
        code: 'TOKEN_USED',
        committed: 'no',
        message: expect.stringMatching(/commit 1 /),
      };
      expect(first.status).toBe('fulfilled');
      expect(again).toMatchObject({ reason: used });
      await reopen();
      await expect(map.put('k', 3, { token: 'once' })).rejects.toMatchObject(used);
      expect([map.get('k'), store.outcomeOf('once')]).toEqual([1, 'committed']);
    });

    test('say that a commit which was refused is absent', async () => {
      await map.put('k', 1);
      await map.put('k', 2, { token: 'late', ifAbsent: true }).catch(() => undefined);
      const transaction = store.begin({ token: 'dropped' });
      transaction.map(map).put('k', 3);
      transaction.abort();

      expect([store.outcomeOf('late'), store.outcomeOf('dropped')]).toEqual(['absent', 'absent']);
      await map.put('k', 4, { token: 'late' });
      expect(store.outcomeOf('late')).toBe('committed');
    });
  });
}
