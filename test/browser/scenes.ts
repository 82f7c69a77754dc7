/** What happens to stores in any browser, as far as it can be made to happen from outside. */
import { expect, test } from 'vitest';
import type { Browser } from './browsers.ts';
import type { Place } from './contracts.ts';
import type { Site } from './site.ts';

export interface Scenery {
  readonly browser: Browser;
  readonly site: Site;
}

const POLL = { timeout: 60_000, interval: 100 };
/** Browsers answer before a tab is gone. A heartbeat that nobody ends would keep others out for longer. */
const GONE_MS_MAX = 5000;
const OPFS_WORKER = { kind: 'opfs', where: 'inWorker' } as const;

/** Scenes of a store that is at a place. */
export function placeScenes({ kind, where }: Place, scenery: () => Scenery): void {
  const nameOf = (scene: string) => `${scene} ${where}`;
  const openTab = () => scenery().browser.open(scenery().site.url);

  test('is there after a reload that closed nothing', async () => {
    const tab = await openTab();
    await tab.call(where, 'open', kind, nameOf('reload'));
    await tab.call(where, 'put', 0, 20);

    await tab.reload();
    await tab.call(where, 'open', kind, nameOf('reload'));

    expect(await tab.call(where, 'find')).toEqual({ prefix: 20, count: 20 });
    expect(await tab.call(where, 'damage')).toBe(0);
    await tab.close();
  });

  test('is refused to a second tab, which may wait for it', async () => {
    const [first, second] = [await openTab(), await openTab()];
    await first.call(where, 'open', kind, nameOf('tabs'));
    await first.call(where, 'put', 0, 5);

    await expect(second.call(where, 'open', kind, nameOf('tabs'))).rejects.toMatchObject({
      code: 'LOCKED',
    });
    const waiting = second.call(where, 'open', kind, nameOf('tabs'), { lockTimeout: 20_000 });
    await first.call(where, 'put', 5, 5);
    await first.call(where, 'close');
    await waiting;

    expect(await second.call(where, 'find')).toEqual({ prefix: 10, count: 10 });
    await first.close();
    await second.close();
  });

  test('is free as soon as the tab that had it is gone', async () => {
    const [first, second] = [await openTab(), await openTab()];
    await first.call(where, 'open', kind, nameOf('gone'));
    await first.call(where, 'put', 0, 5);

    await first.close();
    await second.call(where, 'open', kind, nameOf('gone'), { lockTimeout: GONE_MS_MAX });

    expect(await second.call(where, 'find')).toEqual({ prefix: 5, count: 5 });
    await second.close();
  });

  test('works under a content policy that forbids eval and WebAssembly', async () => {
    const tab = await scenery().browser.open(scenery().site.strictUrl);
    expect(await tab.call(where, 'allowed')).toEqual({ wasm: false });

    await tab.call(where, 'open', kind, nameOf('policy'));
    await tab.call(where, 'put', 0, 20);
    await tab.call(where, 'checkpoint');
    await tab.call(where, 'close');
    await tab.call(where, 'open', kind, nameOf('policy'));

    expect(await tab.call(where, 'find')).toEqual({ prefix: 20, count: 20 });
    expect(await tab.call(where, 'damage')).toBe(0);
    await tab.close();
  });
}

/** How a store is opened that has files for blocking calls at once. */
type BlockingOpen = 'open' | 'openPrepared';

/** Scenes that belong to one place. */
export function singleScenes(scenery: () => Scenery, blockingOpen: BlockingOpen): void {
  const openTab = () => scenery().browser.open(scenery().site.url);

  test('a store in OPFS whose files the browser closes says LOCK_LOST, and is opened again', async () => {
    const { kind, where } = OPFS_WORKER;
    const tab = await openTab();
    await tab.call(where, 'watchHandles');
    await tab.call(where, 'open', kind, 'lost');
    await tab.call(where, 'put', 0, 5);

    await tab.call(where, 'closeHandles');
    const first = await tab.call(where, 'put', 5, 1).catch(refusalOf);
    const second = await tab.call(where, 'put', 5, 1).catch(refusalOf);
    const events = await tab.call<string[]>(where, 'events');
    await tab.call(where, 'close').catch(() => undefined);
    await tab.call(where, 'open', kind, 'lost');
    await tab.call(where, 'put', 5, 5);

    expect(first).toMatchObject({ code: 'IO', committed: 'unknown' });
    expect(second).toMatchObject({ code: 'LOCK_LOST', committed: 'no' });
    expect(events.filter((event) => event.startsWith('lost'))).toHaveLength(1);
    expect(await tab.call(where, 'find')).toEqual({ prefix: 10, count: 10 });
    await tab.close();
  });

  test('the strongest place is OPFS in a worker and IndexedDB in a page, or where the store is', async () => {
    const tab = await openTab();

    const inPage = await tab.call('inPage', 'openBest', 'best in a page');
    await tab.call('inPage', 'put', 0, 5);
    await tab.call('inPage', 'close');
    const inWorker = await tab.call('inWorker', 'openBest', 'best in a worker');
    await tab.call('inWorker', 'put', 0, 5);
    await tab.call('inWorker', 'close');
    const elsewhere = await tab.call('inPage', 'openBest', 'best in a worker').catch(refusalOf);
    const again = await tab.call('inWorker', 'openBest', 'best in a page');

    expect(inPage).toEqual({ kind: 'indexed-db', reason: 'strongest' });
    expect(inWorker).toEqual({ kind: 'opfs', reason: 'strongest' });
    expect(elsewhere).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(again).toEqual({ kind: 'indexed-db', reason: 'found' });
    expect(await tab.call('inWorker', 'find')).toEqual({ prefix: 5, count: 5 });
    await tab.call('inWorker', 'close');
    await tab.close();
  });

  test('a store in IndexedDB whose database is deleted elsewhere says LOCK_LOST', async () => {
    const [first, second] = [await openTab(), await openTab()];
    await first.call('inPage', 'open', 'indexed-db', 'deleted');
    await first.call('inPage', 'put', 0, 5);

    await second.call('inPage', 'deleteDatabase', 'deleted');
    const events = () => first.call<string[]>('inPage', 'events');
    await expect.poll(events, POLL).toContainEqual(expect.stringMatching(/^lost: /));
    const refusal = await first.call('inPage', 'put', 5, 1).catch(refusalOf);

    expect(refusal).toMatchObject({ code: 'LOCK_LOST', committed: 'no' });
    await first.call('inPage', 'close').catch(() => undefined);
    const again = await first.call('inPage', 'open', 'indexed-db', 'deleted');
    expect(again).toMatchObject({ isNew: true });
    await first.close();
    await second.close();
  });

  test('without Web Locks a heartbeat keeps others away, and who was displaced writes nothing', async () => {
    const { kind, where } = { kind: 'indexed-db', where: 'inPage' } as const;
    const [first, second] = [await openTab(), await openTab()];
    // It has a Web Lock, which the second does not see, and so no heart that beats.
    await first.call(where, 'open', kind, 'heartbeat');
    await first.call(where, 'put', 0, 5);
    await second.call(where, 'hideWebLocks');

    const early = await second.call(where, 'open', kind, 'heartbeat').catch(refusalOf);
    const options = { lockTimeout: 40_000 };
    const taken = await second.call(where, 'open', kind, 'heartbeat', options);
    await second.call(where, 'put', 5, 5);
    const late = await first.call(where, 'put', 50, 1).catch(refusalOf);
    const later = await first.call(where, 'put', 50, 1).catch(refusalOf);

    expect(early).toMatchObject({ code: 'LOCKED' });
    expect(taken).toMatchObject({ lock: 'advisory' });
    expect(late).toMatchObject({ committed: 'unknown' });
    expect(later).toMatchObject({ code: 'LOCK_LOST', committed: 'no' });
    await second.call(where, 'close');
    await second.call(where, 'open', kind, 'heartbeat');
    expect(await second.call(where, 'find')).toEqual({ prefix: 10, count: 10 });
    await first.close();
    await second.close();
  });

  test('commits that are awaited in a row let the worker do other things', async () => {
    const { kind, where } = OPFS_WORKER;
    const tab = await openTab();
    await tab.call(where, 'open', kind, 'turns');

    const writing = tab.call(where, 'put', 0, 3000).then(() => 'written');
    const asking = tab.call(where, 'events').then(() => 'asked');

    expect(await Promise.race([writing, asking])).toBe('asked');
    await writing;
    await tab.close();
  });

  test('blocking calls find files in the pool, however many checkpoints they make', async () => {
    const { kind, where } = OPFS_WORKER;
    const tab = await openTab();
    await tab.call(where, blockingOpen, kind, 'blocking');

    await tab.call(where, 'fillSync', 3);
    await tab.call(where, 'putSync', 0, 5);
    await tab.call(where, 'close');
    await tab.call(where, 'open', kind, 'blocking');

    expect(await tab.call(where, 'find')).toEqual({ prefix: 5, count: 5 });
    expect(await tab.call(where, 'damage')).toBe(0);
    await tab.close();
  });
}

function refusalOf(error: unknown): object {
  const { message, code, committed } = error as Error & { code?: string; committed?: string };
  return { message, code, committed };
}
