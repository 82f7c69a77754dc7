/** Several tabs share one store: what each of them has, whoever is the owner. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { StorageError, Store } from '../../src/index.ts';
import { type OwnerEvent, type SharedStore, shareStore } from '../../src/remote/index.ts';
import { DEFAULT_ENVIRONMENT } from '../../src/store/environment.ts';
import { setHost } from '../../src/store/host.ts';
import { FakeMedium, FakeOrigin, type FakeTab } from './fake-tabs.ts';

let origin: FakeOrigin;
let tabs: FakeTab[];
let stores: SharedStore[];

beforeEach(() => {
  origin = new FakeOrigin();
  tabs = [];
  stores = [];
});

afterEach(async () => {
  for (const tab of tabs) if (!tab.isKilled) tab.thaw();
  const closing = stores
    .filter((_, n) => tabs[n]?.isKilled === false)
    .map((store) => store.close());
  await origin.until(Promise.all(closing));
  setHost({ environment: DEFAULT_ENVIRONMENT });
});

/** The first is the owner. */
async function openTabs(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const tab = origin.tab();
    tabs.push(tab);
    stores.push(await origin.until(tab.share()));
  }
}

function at(index: number): { readonly tab: FakeTab; readonly store: SharedStore } {
  return { tab: tabs[index] as FakeTab, store: stores[index] as SharedStore };
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => error,
  );

const GONE = { code: 'PORT_CLOSED' };

describe('tabs that share a store', () => {
  test('have one owner, and see what each of them writes', async () => {
    await openTabs(3);
    await origin.until(Promise.all(stores.map((store, n) => store.map('m').put(n, n))));

    expect(stores.map(({ owner }) => owner)).toEqual(['here', 'elsewhere', 'elsewhere']);
    for (const store of stores) {
      expect(await origin.until(store.map('m').getMany([0, 1, 2]))).toEqual([0, 1, 2]);
    }
    expect(origin.medium.openCount).toBe(1);
  });

  test.each([
    ['closes it', (tab: FakeTab, store: SharedStore) => void tab.run(() => void store.close())],
    ['crashes', (tab: FakeTab) => tab.kill()],
    ['is frozen, and told so', (tab: FakeTab) => tab.sleep()],
    ['is frozen, and not told', (tab: FakeTab) => tab.freeze()],
  ])('go on when the owner %s', async (_, end) => {
    await openTabs(3);
    const { store } = at(1);
    const map = store.map<string, number>('m');
    await origin.until(map.put('a', 1));
    const events: OwnerEvent[] = [];
    await origin.until(store.on('owner', (event) => events.push(event)));
    const changes: number[] = [];
    await origin.until(store.on('commit', ({ sequence }) => changes.push(sequence)));

    end(tabs[0] as FakeTab, stores[0] as SharedStore);
    const read = map.get('a');
    const written = refusal(map.put('b', 2, { token: 'b' }));
    expect(await origin.until(read)).toBe(1);
    const outcome = await origin.until(written);

    const isStored = (await origin.until(store.outcomeOf('b'))) === 'committed';
    expect(outcome === 'done' || (outcome as StorageError).committed === 'unknown').toBe(true);
    if (outcome === 'done') expect(isStored).toBe(true);
    if (!isStored) await origin.until(map.put('b', 2, { token: 'b' }));
    await origin.until(at(2).store.map('m').put('c', 3));
    expect(await origin.until(map.getMany(['a', 'b', 'c']))).toEqual([1, 2, 3]);
    expect(
      stores
        .slice(1)
        .map(({ owner }) => owner)
        .sort(),
    ).toEqual(['elsewhere', 'here']);
    expect(events.map(({ owner }) => owner).slice(0, 2)).toContain('nowhere');
    expect(events[0]?.error).toMatchObject({});
    expect(changes.at(-1)).toBe(3);
  });

  test('end what was open at an owner who is gone, and nothing else', async () => {
    await openTabs(2);
    const { store } = at(1);
    const map = store.map<number, number>('m');
    const writes = Array.from({ length: 300 }, (_, n) => ({ type: 'put', map, key: n, value: n }));
    await origin.until(store.batch(writes as never));
    const view = await origin.until(store.view());
    const transaction = await origin.until(store.begin());
    transaction.map(map).put(1, 2);
    const iterator = map.getRange()[Symbol.asyncIterator]();
    await origin.until(iterator.next());

    tabs[0]?.kill();
    await origin.until(map.get(1));

    expect(await refusal(view.map(map).get(1))).toMatchObject(GONE);
    expect(await refusal(transaction.map(map).get(1))).toMatchObject(GONE);
    expect(await refusal(transaction.commit())).toMatchObject({ ...GONE, committed: 'no' });
    const rest = async (): Promise<void> => {
      while (!(await iterator.next()).done);
    };
    expect(await origin.until(refusal(rest()))).toMatchObject(GONE);
    view.release();
    expect(await origin.until(map.getCount())).toBe(300);
    expect(await origin.until(map.get(1))).toBe(1);
  });

  test('take what was never sent to the next owner, in the order in which it was asked', async () => {
    await openTabs(2);
    const { store } = at(1);
    const map = store.map<string, string>('made of nothing', { value: 'utf8' });
    tabs[0]?.kill();
    await origin.pass(50);
    const whileNobodyIs = Promise.all([
      map.put('a', '1'),
      map.put('a', '2'),
      store.map('another').put(1, 1),
    ]);
    await origin.until(whileNobodyIs);

    expect(await origin.until(map.get('a'))).toBe('2');
    expect(await origin.until(store.maps())).toEqual(['another', 'made of nothing']);
  });

  test('tell who waits too long that nobody is there, with nothing done', async () => {
    origin = new FakeOrigin();
    Object.assign(origin.medium, { canBeTaken: false });
    tabs.push(origin.tab(), origin.tab());
    stores.push(await origin.until((tabs[0] as FakeTab).share()));
    stores.push(await origin.until((tabs[1] as FakeTab).share({ timeout: 9000 })));
    const map = at(1).store.map<string, number>('m');

    tabs[0]?.freeze();
    await origin.pass(9000);
    const put = await origin.until(refusal(map.put('a', 1)), 20_000);
    const get = await origin.until(refusal(map.get('a')), 20_000);
    expect([put, get]).toMatchObject([{ ...GONE, committed: 'no' }, GONE]);

    tabs[0]?.thaw();
    await origin.until(map.put('b', 2));
    expect(await origin.until(map.getMany(['a', 'b']))).toEqual([undefined, 2]);
  });

  test('end with what opening throws where it is their turn, and leave it to the next', async () => {
    const failing = origin.tab().share({
      open: () => Promise.reject(new StorageError('PERMISSION', 'not here')),
    });
    expect(await origin.until(refusal(failing))).toMatchObject({ code: 'PERMISSION' });

    await openTabs(1);
    expect(at(0).store.owner).toBe('here');
  });

  test('are aborted, and are refused what makes no sense', async () => {
    const stop = new AbortController();
    Object.assign(origin.medium, { open: () => new Promise(() => undefined) });
    const waiting = refusal(origin.tab().share({ signal: stop.signal }));
    await origin.pass(500);
    stop.abort();
    expect(await origin.until(waiting)).toMatchObject({ code: 'ABORTED' });
    for (const options of [{ open: undefined }, { silence: 0 }, { timeout: -1 }, { what: 1 }]) {
      expect(await refusal(origin.tab().share(options as never))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
  });

  test('leave no timers behind', async () => {
    await openTabs(2);
    await origin.until(Promise.all(stores.map((store) => store.close())));
    await origin.pass(20_000);

    expect(origin.timerCount).toBe(0);
    expect([...origin.channels.values()].every((joined) => joined.size === 0)).toBe(true);
  });
});

describe('a tab that was frozen', () => {
  test.each(['sleep', 'freeze'] as const)(
    '(%s) goes on when it thaws, as a client',
    async (how) => {
      await openTabs(2);
      const [first, second] = [at(0), at(1)];
      const map = first.store.map<string, number>('m');
      await origin.until(map.put('a', 1));

      first.tab[how]();
      await origin.pass(30_000);
      expect(second.store.owner).toBe('here');
      await origin.until(second.store.map<string, number>('m').put('a', 2));
      if (how === 'sleep') first.tab.wake();
      else first.tab.thaw();

      await origin.pass(1000);
      expect(await origin.until(map.get('a'))).toBe(2);
      await origin.until(map.put('b', 3));
      expect(first.store.owner).toBe('elsewhere');
      expect(origin.medium.openCount).toBe(2);
    },
  );

  test('and whose store cannot be taken from it keeps it until it thaws', async () => {
    Object.assign(origin, { medium: new FakeMedium({ canBeTaken: false }) });
    await openTabs(2);
    tabs[0]?.freeze();
    await origin.pass(20_000);
    expect([at(1).store.owner, origin.medium.openCount]).toEqual(['nowhere', 1]);

    tabs[0]?.thaw();
    await origin.pass(5000);
    expect(stores.map(({ owner }) => owner)).toEqual(['elsewhere', 'here']);
  });

  test('and was in the line when its turn came loses it to one that answers', async () => {
    await openTabs(3);
    at(1).tab.freeze();
    tabs[0]?.kill();
    await origin.pass(20_000);

    expect(at(2).store.owner).toBe('here');
    at(1).tab.thaw();
    await origin.pass(5000);
    expect(at(1).store.owner).toBe('elsewhere');
  });
});

test('without Web Locks nobody shares a store: who would know whose turn it is?', async () => {
  vi.stubGlobal('navigator', {});

  const sharing = shareStore('s', { open: () => Store.open(new MemoryFileSystem()) });

  await expect(sharing).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  vi.unstubAllGlobals();
});
