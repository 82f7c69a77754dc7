/** Pessimistic transactions: who waits for whom, and who is told that it would be for ever. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import {
  ConflictError,
  Store,
  type StoreMap,
  type Transaction,
  type TransactionMap,
} from '../../src/index.ts';
import { DEFAULT_ENVIRONMENT } from '../../src/store/environment.ts';
import { setHost } from '../../src/store/host.ts';
import { KeyLocks, LockOwner } from '../../src/transaction/key-locks.ts';
import { seededNumbers } from '../support/seeded.ts';

interface Timer {
  readonly duration: number;
  run(): void;
}

const timers = new Set<Timer>();
const pessimistic = { mode: 'pessimistic' } as const;

let store: Store;
let map: StoreMap<string, number>;

beforeEach(async () => {
  timers.clear();
  setHost({
    environment: {
      timer: (duration, run) => {
        const timer = { duration, run };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
  });
  store = await Store.open(new MemoryFileSystem());
  map = store.map('m');
});

afterEach(async () => {
  await store.close();
  expect(timers.size).toBe(0);
  setHost({ environment: DEFAULT_ENVIRONMENT });
});

/** One transaction an order, all at once; how often each was run. */
async function addOneToEach(orders: readonly string[], maxRetries?: number): Promise<number[]> {
  const attempts = orders.map(() => 0);
  const add = async (transaction: Transaction, keys: string) => {
    const own = transaction.map(map);
    for (const key of keys) {
      await own.lock(key);
      own.put(key, (own.get(key) ?? 0) + 1);
    }
  };
  await Promise.all(
    orders.map((keys, i) =>
      store.transaction(
        (transaction, attempt) => {
          attempts[i] = attempt;
          return add(transaction, keys);
        },
        { ...pessimistic, ...(maxRetries !== undefined && { maxRetries }) },
      ),
    ),
  );
  return attempts;
}

/** Lets everything run that can. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

function begin(options: object = {}): Transaction {
  return store.begin({ ...pessimistic, ...options });
}

describe('a lock', () => {
  test('makes those who lock and then read take turns, so that none conflicts', async () => {
    const add = async () =>
      store.transaction(
        async (transaction) => {
          await transaction.map(map).lock('n');
          transaction.map(map).put('n', (transaction.map(map).get('n') ?? 0) + 1);
        },
        { ...pessimistic, maxRetries: 0 },
      );

    await Promise.all(Array.from({ length: 30 }, add));

    expect(map.get('n')).toBe(30);
  });

  test('is had in the order in which it was asked for', async () => {
    const story: number[] = [];
    const transactions = Array.from({ length: 5 }, () => begin());
    await transactions[0]?.map(map).lock('k');
    for (const transaction of transactions.slice(1)) {
      void transaction
        .map(map)
        .lock('k')
        .then(() => story.push(transaction.id));
    }
    for (const transaction of transactions) {
      await settle();
      transaction.abort();
    }

    expect(story).toEqual(transactions.slice(1).map(({ id }) => id));
  });

  test('is taken by a write, and the commit of another waits for it', async () => {
    const [first, second] = [begin(), begin()];
    first.map(map).put('k', 1);
    second.map(map).put('k', 2);
    second.map(map).put('k', 3);
    let outcome = 'waits';
    const committing = second.commit().catch((error) => {
      outcome = error.code;
    });
    await settle();
    expect([outcome, second.state, timers.size]).toEqual(['waits', 'committing', 1]);

    await first.commit();
    await committing;

    // What it wrote over was written since its view.
    expect([outcome, map.get('k')]).toEqual(['CONFLICT', 1]);
  });

  test('is free for a commit once the other has aborted', async () => {
    const [first, second] = [begin(), begin()];
    first.map(map).remove('k');
    second.map(map).put('k', 2);
    const committing = second.commit();
    first.abort();

    await committing;
    expect(map.get('k')).toBe(2);
  });

  test('moves the view to the newest state only where nothing was read or written yet', async () => {
    const uses: [string, (transaction: Transaction) => unknown, number][] = [
      ['nothing', () => undefined, 2],
      ['a read', (transaction) => transaction.map(map).has('x'), 1],
      ['a range that may be read later', (transaction) => transaction.map(map).getKeys(), 1],
      ['a write', (transaction) => transaction.map(map).put('y', 1), 1],
      ['a savepoint', (transaction) => transaction.savepoint(), 1],
    ];
    for (const isolation of ['serializable', 'snapshot'] as const) {
      for (const [name, use, seen] of uses) {
        await map.put('k', 1);
        const [first, second] = [begin(), begin({ isolation })];
        first.map(map).put('k', 2);
        use(second);
        const locking = second.map(map).lock('k');
        await first.commit();
        await locking;

        expect(second.map(map).get('k'), name).toBe(seen);
        second.abort();
      }
    }
    expect(store.stats()).toMatchObject({ openTransactions: 0, viewBytes: 0 });
  });

  test('does not bind optimistic transactions and plain writes: their commits are found', async () => {
    const transaction = begin();
    await transaction.map(map).lock('k');
    transaction.map(map).put('k', 1);
    await map.put('k', 2);

    await expect(transaction.commit()).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(store.begin().map(map).lock('k')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('is kept over a rollback to a savepoint', async () => {
    const [first, second] = [begin(), begin()];
    const savepoint = first.savepoint();
    first.map(map).put('k', 1);
    first.rollbackTo(savepoint);
    let hasLock = false;
    void second
      .map(map)
      .lock('k')
      .then(() => {
        hasLock = true;
      });
    await settle();
    expect(hasLock).toBe(false);

    first.abort();
    await settle();
    expect(hasLock).toBe(true);
    second.abort();
  });

  test('that was not had is not waited for when its write is gone: undone, or refused', async () => {
    await store.dropMap('m');
    const misfit = store.map<string, number>('m', { value: 'json' });
    await map.put('k', 1);
    const holder = begin();
    await holder.map(map).lock('k');
    const undo = (transaction: Transaction) => {
      const savepoint = transaction.savepoint();
      transaction.map(map).put('k', 2);
      transaction.rollbackTo(savepoint);
    };
    const fail = (transaction: Transaction) => {
      expect(() => transaction.map(misfit).put('k', 2)).toThrow(
        expect.objectContaining({ code: 'MAP_ENCODING_MISMATCH' }),
      );
    };
    for (const lose of [undo, fail]) {
      for (const commit of ['commit', 'commitSync'] as const) {
        const transaction = begin();
        transaction.map(map).put('other', 1);
        lose(transaction);
        expect(timers.size).toBe(0);
        await transaction[commit]();
      }
    }
    holder.abort();
    expect(map.get('k')).toBe(1);
  });

  test('that was not had is waited for when only a later write of the key was undone', async () => {
    const [holder, second] = [begin(), begin()];
    await holder.map(map).lock('k');
    second.map(map).put('k', 1);
    const savepoint = second.savepoint();
    second.map(map).put('k', 2);
    second.rollbackTo(savepoint);
    const committing = second.commit();
    await settle();
    expect([second.state, timers.size]).toEqual(['committing', 1]);

    holder.abort();
    await committing;
    expect(map.get('k')).toBe(1);
  });

  test('that is had in the end is no reason to fail, though a write waited in vain for it', async () => {
    const uses = {
      free: async (own: TransactionMap<string, number>, holder: Transaction) => {
        holder.abort();
        await own.lock('k');
      },
      'asked for again': async (own: TransactionMap<string, number>, holder: Transaction) => {
        const locking = own.lock('k');
        holder.abort();
        await locking;
      },
      'written again': async (own: TransactionMap<string, number>, holder: Transaction) => {
        holder.abort();
        own.put('k', 2);
      },
    };
    for (const [name, use] of Object.entries(uses)) {
      const [holder, second] = [begin(), begin()];
      await holder.map(map).lock('k');
      second.map(map).put('k', 1);
      for (const timer of [...timers]) timer.run();

      await use(second.map(map), holder);

      await expect(second.commit(), name).resolves.toBeDefined();
    }
  });

  test('is of one key of one map', async () => {
    const other = store.map<string, number>('other');
    const transactions = [begin(), begin(), begin()];
    const locks = [
      transactions[0]?.map(map).lock('k'),
      transactions[1]?.map(map).lock('l'),
      transactions[2]?.map(other).lock('k'),
    ];

    await Promise.all(locks);
    for (const transaction of transactions) transaction.abort();
  });
});

describe('a circle of waiting', () => {
  const deadlock = { code: 'DEADLOCK', committed: 'no', map: 'm' };

  test('is refused to whoever would close it, by lock and by put, and the other goes on', async () => {
    for (const close of ['lock', 'put'] as const) {
      const [first, second] = [begin(), begin()];
      await first.map(map).lock('a');
      await second.map(map).lock('b');
      const waiting = first.map(map).lock('b');
      const closing = async () =>
        close === 'lock' ? second.map(map).lock('a') : second.map(map).put('a', 1);

      await expect(closing()).rejects.toMatchObject({ ...deadlock, key: 'a' });
      second.abort();
      await waiting;
      first.map(map).put('a', 1);
      await first.commit();
    }
  });

  test('is seen over any number of transactions, and behind those who came first', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    const owners = keys.map(() => begin());
    for (const [i, owner] of owners.entries()) await owner.map(map).lock(keys[i] as string);
    const late = begin();
    const waits = owners.slice(0, 3).map((owner, i) => owner.map(map).lock(keys[i + 1] as string));
    const behind = late.map(map).lock('a');

    await expect(owners[3]?.map(map).lock('a')).rejects.toMatchObject(deadlock);
    for (const owner of [...owners].reverse()) owner.abort();
    await Promise.allSettled(waits);
    await behind;
    late.abort();
  });

  test('is refused to the youngest in it, also where that one waits already', async () => {
    for (const use of ['lock', 'put'] as const) {
      const [old, bystander, young] = [begin(), begin(), begin()];
      await old.map(map).lock('a');
      await young.map(map).lock('b');
      const waiting =
        use === 'lock' ? young.map(map).lock('a') : (young.map(map).put('a', 1) ?? young.commit());
      const behind = bystander.map(map).lock('a');
      const refused = expect(waiting).rejects.toMatchObject({ ...deadlock, key: 'a' });
      const closing = old.map(map).lock('b');

      await refused;
      young.abort();
      await closing;
      old.abort();
      await behind;
      bystander.abort();
    }
  });

  test('leaves those who wait in their order, and refuses nobody who is not in it', async () => {
    const story: string[] = [];
    const [old, first, young, last] = [begin(), begin(), begin(), begin()];
    const wait = (transaction: Transaction, name: string) =>
      transaction
        .map(map)
        .lock('a')
        .then(
          () => story.push(`${name} has it`),
          ({ code }) => story.push(`${name} ${code}`),
        );
    await old.map(map).lock('a');
    await young.map(map).lock('b');
    const waits = [wait(first, 'first'), wait(young, 'young'), wait(last, 'last')];

    const closing = old.map(map).lock('b');
    await settle();
    for (const transaction of [young, old, first, last]) {
      transaction.abort();
      await settle();
    }
    await Promise.all([closing, ...waits]);

    expect(story).toEqual(['young DEADLOCK', 'first has it', 'last has it']);
  });

  test('counts a transaction that runs again as old as its first attempt', async () => {
    let young: Transaction | undefined;
    let refused: Promise<unknown> | undefined;
    const running = store.transaction(async (transaction, attempt) => {
      if (attempt === 1) {
        await settle();
        young = begin();
        await young.map(map).lock('b');
        throw new ConflictError('run it again', { map: 'm', key: 'b' });
      }
      await transaction.map(map).lock('a');
      refused = young
        ?.map(map)
        .lock('a')
        .catch(({ code }) => {
          young?.abort();
          return code;
        });
      await transaction.map(map).lock('b');
      return attempt;
    }, pessimistic);

    expect([await running, await refused]).toEqual([2, 'DEADLOCK']);
  });

  test('of three, whatever the order of their keys, costs nobody more than the retries', async () => {
    const orders = [...['abc', 'acb', 'bac'], ...['bca', 'cab', 'cba']];
    for (const a of orders) {
      for (const b of orders) {
        for (const c of orders) await addOneToEach([a, b, c]);
      }
    }

    expect(Object.fromEntries([...map.getRange()].map(({ key, value }) => [key, value]))).toEqual({
      a: 648,
      b: 648,
      c: 648,
    });
  });

  test('of five that contend is left by all, and the event loop is never kept from others', async () => {
    let isDone = false;
    let turns = 0;
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);

    const attempts = await addOneToEach(['bac', 'cbd', 'bca', 'bdc', 'dbc'], 100);
    isDone = true;

    expect(map.get('b')).toBe(5);
    expect(turns).toBeGreaterThanOrEqual(Math.max(...attempts) - 1);
  });

  test('does not keep store.transaction from finishing both', async () => {
    const attempts: number[] = [];
    const move = (from: string, to: string) =>
      store.transaction(async (transaction, attempt) => {
        attempts.push(attempt);
        const own = transaction.map(map);
        await own.lock(from);
        await settle();
        await own.lock(to);
        own.put(from, (own.get(from) ?? 0) - 1);
        own.put(to, (own.get(to) ?? 0) + 1);
      }, pessimistic);

    await Promise.all([move('a', 'b'), move('b', 'a')]);

    expect([map.get('a'), map.get('b')]).toEqual([0, 0]);
    expect(attempts.length).toBeGreaterThan(2);
  });

  test('never comes about, however locks are asked for: everything is granted in the end', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const next = seededNumbers(seed);
      const locks = new KeyLocks();
      const owners = Array.from({ length: 6 }, (_, born) => new LockOwner(born));
      let [asked, granted, refused] = [0, 0, 0];
      for (let step = 0; step < 40; step++) {
        const [owner, place] = [owners[next() % 6] as LockOwner, `${next() % 5}`];
        if (locks.take(owner, place)) continue;
        const answer = locks.wait({
          owner,
          place,
          grant: () => granted++,
          refuse: () => refused++,
        });
        asked++;
        if (answer === 'deadlock') refused++;
      }
      // Whoever waits for nobody ends; if all who are left wait, there was a circle.
      const open = new Set(owners);
      while (open.size > 0) {
        const free = [...open].find(({ waiting }) => waiting.size === 0);
        expect(free, `seed ${seed}`).toBeDefined();
        locks.release(free as LockOwner);
        open.delete(free as LockOwner);
      }
      expect(granted + refused).toBe(asked);
      if (seed === 1) expect(refused).toBeGreaterThan(0);
    }
  });
});

describe('whoever waits', () => {
  test('is told when the time is up, for a lock and at the commit', async () => {
    const [holder, locker, writer] = [begin(), begin({ lockTimeout: 7 }), begin()];
    holder.map(map).put('k', 1);
    const locking = locker.map(map).lock('k');
    writer.map(map).put('k', 2);
    const committing = writer.commit();
    expect(Array.from(timers, ({ duration }) => duration)).toEqual([7, 5000]);
    for (const timer of [...timers]) timer.run();

    const timeout = { code: 'LOCK_TIMEOUT', committed: 'no', map: 'm', key: 'k' };
    await expect(locking).rejects.toMatchObject(timeout);
    await expect(committing).rejects.toMatchObject(timeout);
    expect([locker.state, writer.state]).toEqual(['open', 'aborted']);
    locker.abort();
    await holder.commit();
  });

  test('may do so for longer than the timers of a host can count', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    setHost({ environment: DEFAULT_ENVIRONMENT });
    const own = await Store.open(new MemoryFileSystem());
    const [holder, locker] = [
      own.begin(pessimistic),
      own.begin({ ...pessimistic, lockTimeout: 30 * 24 * 60 * 60 * 1000 }),
    ];
    holder.map(own.map('m')).put('k', 1);
    let outcome = 'waits';
    const locking = locker
      .map(own.map('m'))
      .lock('k')
      .then(
        () => (outcome = 'has it'),
        ({ code }) => (outcome = code),
      );
    await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
    const before = outcome;

    holder.abort();
    await locking;

    expect([before, outcome]).toEqual(['waits', 'has it']);
    locker.abort();
    await own.close();
  });

  test('can be called off by a signal, by an abort and by a close', async () => {
    const controller = new AbortController();
    const holder = begin();
    await holder.map(map).lock('k');
    const [signalled, aborted, closed] = [begin({ signal: controller.signal }), begin(), begin()];
    const waits = [signalled, aborted, closed].map((transaction) => transaction.map(map).lock('k'));
    const codes = Promise.all(waits.map((wait) => wait.catch(({ code }) => code)));

    controller.abort();
    aborted.abort();
    await store.close();

    expect(await codes).toEqual(['ABORTED', 'TRANSACTION_ENDED', 'CLOSED']);
    for (const transaction of [holder, signalled, closed]) transaction.abort();
  });

  test('cannot in a blocking call: it is a conflict at once', async () => {
    const holder = begin();
    holder.map(map).put('k', 1);
    const timeout = expect.objectContaining({ code: 'LOCK_TIMEOUT' });
    for (const use of [
      (transaction: Transaction) => void transaction.map(map).lock('k'),
      (transaction: Transaction) => transaction.map(map).put('k', 2),
    ]) {
      expect(() => store.transactionSync(use, { ...pessimistic, maxRetries: 0 })).toThrow(timeout);
    }
    const begun = begin();
    begun.map(map).put('k', 2);
    expect(() => begun.commitSync()).toThrow(timeout);
    await holder.commit();

    const read = store.transactionSync((transaction) => {
      void transaction.map(map).lock('k');
      return transaction.map(map).get('k');
    }, pessimistic);
    expect([read, map.get('k'), begun.state]).toEqual([1, 1, 'aborted']);
  });
});
