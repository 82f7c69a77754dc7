/** What transactions of every store do, on every host. Run by test/store/store.test.ts. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConflictError, Store, type StoreMap, type Transaction } from '../../src/index.ts';
import type { StoreHost } from './store.ts';

export function transactionContract(host: StoreHost): void {
  let store: Store;
  let a: StoreMap<string, number>;
  let b: StoreMap<string, number>;

  beforeEach(async () => {
    store = await Store.open(host.make());
    a = store.map('a');
    b = store.map('b');
  });

  afterEach(() => store.close());

  const ended = expect.objectContaining({ code: 'TRANSACTION_ENDED' });

  describe(`transactions of a store on ${host.name}`, () => {
    test('read one state and their own writes, merged in order; others see all or nothing', async () => {
      for (const key of ['b', 'd', 'f']) await a.put(key, 1);
      await store.checkpoint();
      const transaction = store.begin();
      const map = transaction.map(a);
      await a.put('z', 9);

      map.put('a', 2);
      map.put('c', 2);
      map.remove('d');
      const before = map.getKeys();
      map.put('e', 2);
      map.clear({ start: 'f' });
      map.put('g', 3);

      expect([...map.getKeys()]).toEqual(['a', 'b', 'c', 'e', 'g']);
      expect([...before]).toEqual(['a', 'b', 'c', 'f']);
      expect([...map.getKeys({ reverse: true, start: 'b', limit: 2 })]).toEqual(['g', 'e']);
      expect([map.getCount(), map.getCount({ start: 'c' })]).toEqual([5, 3]);
      expect([map.get('a'), map.has('d'), map.get('z')]).toEqual([2, false, undefined]);
      expect(map.getEntry('a')).toEqual({ key: 'a', value: 2, sequence: 0 });
      expect(map.getEntry('b')?.sequence).toBe(1);
      expect([...a.getKeys()]).toEqual(['b', 'd', 'f', 'z']);
      transaction.abort();
      expect([...a.getKeys()]).toEqual(['b', 'd', 'f', 'z']);
    });

    test('commit every map in one commit', async () => {
      const sequence = await store.transaction((transaction) => {
        transaction.map(a).put('x', 1);
        transaction.map(b).put('y', (transaction.map(a).get('x') ?? 0) + 1);
        return transaction.sequence;
      });

      expect([sequence, store.info.sequence]).toEqual([0, 1]);
      expect([a.get('x'), b.get('y')]).toEqual([1, 2]);
    });

    test('leave nothing anywhere when the callback throws', async () => {
      const before = store.stats();
      const failing = store.transaction(async (transaction) => {
        transaction.map(a).put('x', 1);
        await Promise.resolve();
        throw new RangeError('mine');
      });

      await expect(failing).rejects.toThrow(new RangeError('mine'));
      expect(a.has('x')).toBe(false);
      expect(store.stats()).toMatchObject({ walBytes: before.walBytes, openTransactions: 0 });
    });

    test('resolve to the value of a callback that aborted, or committed, by itself', async () => {
      const aborted = await store.transaction((transaction) => {
        transaction.map(a).put('x', 1);
        transaction.abort();
        return 'gave up';
      });
      const committed = await store.transaction(async (transaction) => {
        transaction.map(a).put('y', 1);
        void transaction.commit();
        return 'went on';
      });

      expect([aborted, committed]).toEqual(['gave up', 'went on']);
      expect([...a.getKeys()]).toEqual(['y']);
    });

    test('refuse write skew and phantoms where they are serializable, not under snapshot', async () => {
      const skew = async (isolation: 'serializable' | 'snapshot'): Promise<string[]> => {
        await store.batch([
          { type: 'put', map: a, key: 'left', value: 1 },
          { type: 'put', map: a, key: 'right', value: 1 },
        ]);
        const [one, other] = [store.begin({ isolation }), store.begin({ isolation })];
        if (one.map(a).get('right') === 1) one.map(a).put('left', 0);
        if (other.map(a).get('left') === 1) other.map(a).put('right', 0);
        return settled([one.commit(), other.commit()]);
      };
      const phantom = async (isolation: 'serializable' | 'snapshot'): Promise<string[]> => {
        await b.clear();
        const [one, other] = [store.begin({ isolation }), store.begin({ isolation })];
        for (const [transaction, key] of [[one, 'n1'] as const, [other, 'n2'] as const]) {
          if (transaction.map(b).getCount({ start: 'n' }) === 0) transaction.map(b).put(key, 1);
        }
        return settled([one.commit(), other.commit()]);
      };

      expect(await skew('serializable')).toEqual(['committed', 'CONFLICT']);
      expect(await phantom('serializable')).toEqual(['committed', 'CONFLICT']);
      expect(await skew('snapshot')).toEqual(['committed', 'committed']);
      expect([a.get('left'), a.get('right')]).toEqual([0, 0]);
      expect(await phantom('snapshot')).toEqual(['committed', 'committed']);
    });

    test('conflict with what was read or written, and with nothing else', async () => {
      const cases: [string, (transaction: Transaction) => void, () => unknown, boolean][] = [
        ['a key read', (t) => t.map(a).get('k5'), () => a.put('k5', 2), true],
        ['a key found absent', (t) => t.map(a).has('none'), () => a.put('none', 2), true],
        ['another key', (t) => t.map(a).get('k5'), () => a.put('k6', 2), false],
        ['the same key of another map', (t) => t.map(a).get('k5'), () => b.put('k5', 2), false],
        ['a key written', (t) => t.map(a).put('k5', 3), () => a.remove('k5'), true],
        ['a range cleared', (t) => t.map(a).clear({ end: 'k5' }), () => a.put('k2', 2), true],
        ['behind it', (t) => t.map(a).clear({ end: 'k5' }), () => a.put('k5', 2), false],
        ['a key written', (t) => t.map(a).put('k5', 3), () => a.clear({ start: 'k4' }), true],
        ['beside it', (t) => t.map(a).put('k5', 3), () => a.clear({ start: 'k6' }), false],
        [
          'a range cleared',
          (t) => t.map(a).clear({ end: 'k5' }),
          () => a.clear({ start: 'k4' }),
          true,
        ],
        ['next to it', (t) => t.map(a).clear({ end: 'k5' }), () => a.clear({ start: 'k5' }), false],
        ['a second range', (t) => clearTwice(t), () => a.put('k9', 2), true],
        ['a count', (t) => t.map(a).getCount(), () => a.put('new', 2), true],
        ['a range read', (t) => [...t.map(a).getKeys()], () => a.put('new', 2), true],
        ['its start', (t) => first(t, { limit: 3 }), () => a.remove('k2'), true],
        ['behind its limit', (t) => first(t, { limit: 3 }), () => a.remove('k3'), false],
        [
          'as it came from the end',
          (t) => first(t, { reverse: true, limit: 2 }),
          () => a.remove('k8'),
          true,
        ],
        ['before that', (t) => first(t, { reverse: true, limit: 2 }), () => a.remove('k7'), false],
        ['what was left out', (t) => first(t, { offset: 4, limit: 1 }), () => a.remove('k1'), true],
        ['where it broke off', (t) => breakOff(t), () => a.remove('k1'), false],
        ['a map emptied', (t) => t.map(a).get('k5'), () => a.clear(), true],
        ['a map dropped', (t) => t.map(a).get('k5'), () => store.dropMap('a'), true],
        ['another emptied', (t) => t.map(b).get('k5'), () => a.clear(), false],
        ['a clear around it', (t) => t.map(a).get('k5'), () => a.clear({ start: 'k4' }), true],
        ['a clear beside it', (t) => t.map(a).get('k5'), () => a.clear({ start: 'k6' }), false],
        ['what comes after a clear', (t) => t.map(a).get('k5'), () => clearThenPut(), true],
      ];
      const clearTwice = (t: Transaction) => {
        t.map(a).clear({ end: 'k2' });
        expect([...t.changes()]).toHaveLength(2);
        t.map(a).clear({ start: 'k8' });
      };
      const first = (t: Transaction, range: object) => [...t.map(a).getRange(range)];
      const breakOff = (t: Transaction) => {
        for (const _ of t.map(a).getKeys()) break;
      };
      const clearThenPut = async () => {
        await a.clear({ start: 'k6' });
        await b.clear();
        await a.put('k5', 7);
      };
      for (const [name, rely, disturb, isConflict] of cases) {
        await a.clear();
        await store.batch(
          Array.from({ length: 10 }, (_, n) => ({ type: 'put', map: a, key: `k${n}`, value: 1 })),
        );
        const transaction = store.begin();
        rely(transaction);
        transaction.map(b).put(name, 1);
        await disturb();

        expect(await settled([transaction.commit()]), name).toEqual([
          isConflict ? 'CONFLICT' : 'committed',
        ]);
      }
    });

    test('are committed in the order in which they were asked to, among other writes too', async () => {
      const transaction = store.begin();
      transaction.map(a).put('x', 1);
      const [first, second] = await Promise.all([transaction.commit(), b.put('y', 1)]);

      expect([first.sequence, second.sequence]).toEqual([1, 2]);
    });

    test('name the map and the key of a conflict', async () => {
      const transaction = store.begin();
      transaction.map(a).get('k');
      transaction.map(b).put('x', 1);
      await a.put('k', 1);

      const error = await transaction.commit().catch((reason: unknown) => reason);

      expect(error).toBeInstanceOf(ConflictError);
      expect(error).toMatchObject({ code: 'CONFLICT', map: 'a', key: 'k', committed: 'no' });
      expect(transaction.state).toBe('aborted');
    });

    test('run again after a conflict, with the number of the attempt, and then give up', async () => {
      const attempts: number[] = [];
      const disturbed = (times: number, maxRetries: number) =>
        store.transaction(
          async (transaction, attempt) => {
            attempts.push(attempt);
            const value = transaction.map(a).get('n') ?? 0;
            if (attempt <= times) await a.put('n', value + 10);
            transaction.map(a).put('n', value + 1);
            return attempt;
          },
          { maxRetries },
        );

      expect(await disturbed(2, 3)).toBe(3);
      expect(a.get('n')).toBe(21);
      await expect(disturbed(9, 1)).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(attempts).toEqual([1, 2, 3, 1, 2]);
    });

    test('find the commit that they have met when they run again', async () => {
      const add = (): Promise<number> =>
        store.transaction(
          (transaction, attempt) => {
            transaction.map(a).put('n', (transaction.map(a).get('n') ?? 0) + 1);
            return attempt;
          },
          { maxRetries: 4 },
        );

      const attempts = await Promise.all([add(), add(), add(), add(), add()]);

      // How many of them meet again is up to the turns of the event loop.
      expect(attempts.map((attempt) => attempt > 1)).toEqual([false, true, true, true, true]);
      expect(a.get('n')).toBe(5);
    });

    test('refuse to nest, and say what to do', async () => {
      const nested = { code: 'NESTED_TRANSACTION', message: expect.stringMatching(/savepoints/) };
      const calls: (() => unknown)[] = [
        () => store.begin(),
        () => store.transactionSync(() => 1),
        () => store.transaction(() => 1),
      ];
      for (const call of calls) {
        await expect(store.transaction(() => call())).rejects.toMatchObject(nested);
      }
      const side = await store.transaction(async (transaction) => {
        transaction.map(a).put('x', 1);
        await Promise.resolve();
        return store.begin();
      });
      side.abort();

      expect(a.get('x')).toBe(1);
    });

    test('cannot be used after their end', async () => {
      const transaction = store.begin();
      const map = transaction.map(a);
      map.put('x', 1);
      const range = map.getKeys();
      const savepoint = transaction.savepoint();
      const committing = transaction.commit();
      expect(transaction.state).toBe('committing');
      expect(() => map.put('y', 1)).toThrow(ended);
      await committing;

      expect(transaction.state).toBe('committed');
      for (const use of [
        () => map.get('x'),
        () => map.put('x', 2),
        () => [...range],
        () => transaction.map(a),
        () => transaction.savepoint(),
        () => transaction.rollbackTo(savepoint),
        () => transaction.changes(),
        () => transaction.size,
        () => transaction.abort(),
      ]) {
        expect(use, String(use)).toThrow(ended);
      }
      await expect(transaction.commit()).rejects.toThrow(ended);
    });

    test('keep nothing once they have ended', async () => {
      const [read, written, dropped] = [store.begin(), store.begin(), store.begin()];
      read.map(a).get('x');
      written.map(a).put('x', 1);
      expect(store.stats().openTransactions).toBe(3);
      await written.commit();
      expect(store.stats().viewBytes).toBeGreaterThan(0);
      expect(await read.commit()).toEqual({ sequence: 0, durable: true });
      dropped.abort();
      dropped.abort();

      expect(store.stats()).toMatchObject({ openTransactions: 0, viewBytes: 0 });
    });

    test('undo to a savepoint, however deep, and keep what was read', async () => {
      const transaction = store.begin();
      const map = transaction.map(a);
      map.put('k', 1);
      const outer = transaction.savepoint();
      map.put('k', 2);
      map.put('l', 2);
      const deeper = transaction.savepoint();
      map.clear();
      map.put('m', 3);
      expect([outer.depth, deeper.depth]).toEqual([0, 1]);

      transaction.rollbackTo(deeper);
      expect([...map.getRange()].map(({ key, value }) => key + value)).toEqual(['k2', 'l2']);
      map.put('n', 4);
      transaction.rollbackTo(deeper);
      transaction.rollbackTo(outer);
      expect([...map.getRange()].map(({ key, value }) => key + value)).toEqual(['k1']);
      expect(map.getCount()).toBe(1);
      const released = expect.objectContaining({ code: 'SAVEPOINT_RELEASED' });
      expect(() => transaction.rollbackTo(deeper)).toThrow(released);
      expect(() => transaction.rollbackTo(store.begin().savepoint())).toThrow(released);
      map.put('o', 5);
      await transaction.commit();

      expect([...a.getRange()].map(({ key, value }) => key + value)).toEqual(['k1', 'o5']);
    });

    test('give their changes in map and key order, with the values before, and their size', async () => {
      for (const key of ['b', 'c', 'd', 'e']) await a.put(key, 1);
      await b.put('y', 1);
      const transaction = store.begin();
      expect([[...transaction.changes()], transaction.size]).toEqual([[], 0]);
      transaction.map(b).clear();
      transaction.map(a).put('z', 2);
      transaction.map(a).put('c', 5);
      transaction.map(a).clear({ start: 'c', end: 'e' });
      transaction.map(a).put('d', 2);
      transaction.map(a).remove('absent');
      transaction.map(a).put('a', 1);
      transaction.map(a).remove('a');
      transaction.map(b).put('x', 3);

      expect([...transaction.changes()]).toEqual([
        { map: 'a', key: 'c', before: 1, after: undefined, kind: 'remove' },
        { map: 'a', key: 'd', before: 1, after: 2, kind: 'put' },
        { map: 'a', key: 'z', before: undefined, after: 2, kind: 'put' },
        { map: 'b', key: 'x', before: undefined, after: 3, kind: 'put' },
        { map: 'b', key: 'y', before: 1, after: undefined, kind: 'remove' },
      ]);
      const { size } = transaction;
      const before = store.stats().walBytes;
      await transaction.commit();
      expect(store.stats().walBytes - before).toBe(size);
      expect([...a.getRange()].map(({ key, value }) => key + value)).toEqual([
        'b1',
        'd2',
        'e1',
        'z2',
      ]);
      expect([...b.getKeys()]).toEqual(['x']);
    });

    test('check quotas and limits before anything is logged', async () => {
      await store.setQuota({ bytes: 100 });
      const before = store.stats().walBytes;
      const large = store.begin();
      large.map(a).put('x'.repeat(200), 1);

      await expect(large.commit()).rejects.toMatchObject({
        code: 'QUOTA_EXCEEDED',
        committed: 'no',
      });
      const odd = store.begin();
      expect(() => odd.map(a).put('x'.repeat(5000), 1)).toThrow(
        expect.objectContaining({ code: 'LIMIT' }),
      );
      odd.abort();
      expect([large.state, store.stats().walBytes]).toEqual(['aborted', before]);
    });

    test('say what is wrong with their options', async () => {
      for (const options of [
        { isolation: 'none' },
        { mode: 'hopeful' },
        { maxRetries: -1 },
        { lockTimeout: 0.5 },
        { durability: 'maybe' },
        { retries: 1 },
      ]) {
        const wrong = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
        expect(() => store.begin(options as never), JSON.stringify(options)).toThrow(wrong);
      }
      const aborted = { signal: AbortSignal.abort() };
      await expect(store.transaction(() => 1, aborted)).rejects.toMatchObject({ code: 'ABORTED' });
      const controller = new AbortController();
      const late = store.transaction(
        (transaction) => {
          transaction.map(a).put('x', 1);
          controller.abort();
        },
        { signal: controller.signal },
      );
      await expect(late).rejects.toMatchObject({ code: 'ABORTED' });
      expect(a.has('x')).toBe(false);
    });

    test.runIf(host.canBlock)('do the same in blocking calls', () => {
      const result = store.transactionSync((transaction, attempt) => {
        const value = transaction.map(a).get('n') ?? 0;
        if (attempt === 1) a.putSync('n', 10);
        transaction.map(a).put('n', value + 1);
        return attempt;
      });

      expect([result, a.get('n')]).toEqual([2, 11]);
      expect(() => store.transactionSync(() => store.begin())).toThrow(/callback/);
      expect(() =>
        store.transactionSync((transaction) => {
          transaction.map(a).put('n', 0);
          throw new RangeError('mine');
        }),
      ).toThrow(new RangeError('mine'));
      expect(() => store.transactionSync(async () => 1)).toThrow(/promise/);
      expect(store.begin().commitSync()).toEqual({ sequence: 2, durable: true });
      expect(a.get('n')).toBe(11);
    });
  });
}

async function settled(commits: readonly Promise<unknown>[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(commits);
  return outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? 'committed' : String(outcome.reason.code),
  );
}
