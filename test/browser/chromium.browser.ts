/** What every store does, and what only happens to stores in browsers, in Chromium. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, chromiumPath, launchChromium, makeProfile } from './browsers.ts';
import { holdContracts, PLACES } from './contracts.ts';
import { type Site, serveSite } from './site.ts';

if (chromiumPath === undefined) console.log('SKIPPED: there is no Chromium on this system');

describe.skipIf(chromiumPath === undefined)('in Chromium', () => {
  const profile = makeProfile();
  let site: Site;
  let browser: Chromium;

  beforeAll(async () => {
    site = await serveSite();
    browser = await launchChromium(profile);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
    profile.remove();
  });

  test.each(PLACES)('a store on $kind does what every store does, $where', async (place) => {
    const tab = await browser.open(site.url);

    await holdContracts(tab, 'Chromium', place);
    await tab.page.close();
  });

  describe.each(PLACES)('a store on $kind, $where', ({ kind, where }) => {
    const nameOf = (scene: string) => `${scene} ${where}`;

    test('says what the browser promises', async () => {
      const tab = await browser.open(site.url);
      const location = `${kind}:${nameOf('facts')}`;

      const made = await tab.call(where, 'open', kind, nameOf('facts'));
      await tab.call(where, 'close');
      const found = await tab.call(where, 'open', kind, nameOf('facts'));

      // Chromium does not sync the directory in which the files of a new pool are.
      const young = kind === 'opfs' ? 'os' : 'media';
      expect(made).toMatchObject({ location, lock: 'kernel', durability: young, isNew: true });
      expect(found).toMatchObject({ location, lock: 'kernel', durability: 'media', isNew: false });
      await tab.page.close();
    });

    test('is there after a reload that closed nothing', async () => {
      const tab = await browser.open(site.url);
      await tab.call(where, 'open', kind, nameOf('reload'));
      await tab.call(where, 'put', 0, 20);

      await tab.page.reload();
      await tab.call(where, 'open', kind, nameOf('reload'));

      expect(await tab.call(where, 'find')).toEqual({ prefix: 20, count: 20 });
      expect(await tab.call(where, 'damage')).toBe(0);
      await tab.page.close();
    });

    test('is refused to a second tab, which may wait for it', async () => {
      const [first, second] = [await browser.open(site.url), await browser.open(site.url)];
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
      await first.page.close();
      await second.page.close();
    });

    test('is free as soon as the tab that had it is gone', async () => {
      const [first, second] = [await browser.open(site.url), await browser.open(site.url)];
      await first.call(where, 'open', kind, nameOf('gone'));
      await first.call(where, 'put', 0, 5);

      await first.page.close();
      await second.call(where, 'open', kind, nameOf('gone'));

      expect(await second.call(where, 'find')).toEqual({ prefix: 5, count: 5 });
      await second.page.close();
    });

    test('works under a content policy that forbids eval and WebAssembly', async () => {
      const tab = await browser.open(site.strictUrl);
      expect(await tab.call(where, 'allowed')).toEqual({ wasm: false });

      await tab.call(where, 'open', kind, nameOf('policy'));
      await tab.call(where, 'put', 0, 20);
      await tab.call(where, 'checkpoint');
      await tab.call(where, 'close');
      await tab.call(where, 'open', kind, nameOf('policy'));

      expect(await tab.call(where, 'find')).toEqual({ prefix: 20, count: 20 });
      expect(await tab.call(where, 'damage')).toBe(0);
      await tab.page.close();
    });

    test('is not taken from a frozen tab, which goes on when it thaws', async () => {
      const [first, second] = [await browser.open(site.url), await browser.open(site.url)];
      const session = await first.page.context().newCDPSession(first.page);
      await first.call(where, 'open', kind, nameOf('frozen'));
      await first.call(where, 'put', 0, 5);

      await session.send('Page.setWebLifecycleState', { state: 'frozen' });
      await expect(second.call(where, 'open', kind, nameOf('frozen'))).rejects.toMatchObject({
        code: 'LOCKED',
      });
      await session.send('Page.setWebLifecycleState', { state: 'active' });
      await first.call(where, 'put', 5, 5);

      expect(await first.call(where, 'find')).toEqual({ prefix: 10, count: 10 });
      await first.page.close();
      await second.page.close();
    });

    test('refuses what has no room, loses nothing, and goes on when there is room', async () => {
      // A browser remembers for a while how much room an origin had.
      const { href, origin } = site.at(`${kind}-${where}.localhost`);
      const tab = await browser.open(href);
      const session = await tab.page.context().newCDPSession(tab.page);
      const { usage } = await session.send('Storage.getUsageAndQuota', { origin });
      const quotaSize = usage + (8 << 20);
      await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
      await tab.call(where, 'open', kind, nameOf('full'));
      await tab.call(where, 'put', 0, 5);

      const refused = await tab.call<Refusal>(where, 'fill', 200);
      // A database says so when the transaction has ended, which is the sync: too late for a no.
      const expected = kind === 'opfs' ? ['DISK_FULL', 'no'] : ['COMMIT_IN_DOUBT', 'unknown'];
      expect([refused.code, refused.committed]).toEqual(expected);
      expect(await tab.call(where, 'filled')).toBe(refused.count);
      if (kind === 'opfs') await tab.call(where, 'empty');
      await session.send('Storage.overrideQuotaForOrigin', { origin });
      const goesOn = () => tab.call(where, 'putAgain', 5, 5).then(() => 'taken', String);
      await expect.poll(goesOn, POLL).toBe('taken');
      await tab.call(where, 'close');
      await tab.call(where, 'open', kind, nameOf('full'));

      expect(await tab.call(where, 'find')).toEqual({ prefix: 10, count: 10 });
      expect(await tab.call(where, 'filled')).toBe(kind === 'opfs' ? 0 : refused.count);
      expect(await tab.call(where, 'damage')).toBe(0);
      await tab.page.close();
    });

    test('says that it has lost its storage when that is cleared, and can be made anew', async () => {
      // Chromium may crash when the tab is closed.
      const profile = makeProfile();
      const browser = await launchChromium(profile);
      const tab = await browser.open(site.url);
      const { origin } = new URL(site.url);
      const session = await tab.page.context().newCDPSession(tab.page);
      await tab.call(where, 'open', kind, nameOf('cleared'));
      await tab.call(where, 'put', 0, 5);

      await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });

      // Files that are open stay writable, so that it takes a look to find out.
      const put = () => tab.call(where, 'put', 5, 1).then(() => 'taken', codeOf);
      await expect.poll(put, POLL).toBe('LOCK_LOST');
      await tab.call(where, 'close').catch(() => undefined);
      const { isNew } = await tab.call<{ isNew: boolean }>(where, 'open', kind, nameOf('cleared'));
      expect(isNew).toBe(true);
      await browser.kill();
      profile.remove();
    });
  });

  test('a store in OPFS whose files the browser closes says LOCK_LOST, and is opened again', async () => {
    const { kind, where } = OPFS_WORKER;
    const tab = await browser.open(site.url);
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
    await tab.page.close();
  });

  test('a store in IndexedDB whose database is deleted elsewhere says LOCK_LOST', async () => {
    const [first, second] = [await browser.open(site.url), await browser.open(site.url)];
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
    await first.page.close();
    await second.page.close();
  });

  test('without Web Locks a heartbeat keeps others away, and who was displaced writes nothing', async () => {
    const { kind, where } = { kind: 'indexed-db', where: 'inPage' } as const;
    const tabs = [await browser.open(site.url), await browser.open(site.url)] as const;
    const [first, second] = tabs;
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
    for (const { page } of tabs) await page.close();
  });

  test('commits that are awaited in a row let the worker do other things', async () => {
    const { kind, where } = OPFS_WORKER;
    const tab = await browser.open(site.url);
    await tab.call(where, 'open', kind, 'turns');

    const writing = tab.call(where, 'put', 0, 3000).then(() => 'written');
    const asking = tab.call(where, 'events').then(() => 'asked');

    expect(await Promise.race([writing, asking])).toBe('asked');
    await writing;
    await tab.page.close();
  });

  test('blocking calls find files in the pool, however many checkpoints they make', async () => {
    const { kind, where } = OPFS_WORKER;
    const tab = await browser.open(site.url);
    await tab.call(where, 'open', kind, 'blocking');

    await tab.call(where, 'fillSync', 3);
    await tab.call(where, 'putSync', 0, 5);
    await tab.call(where, 'close');
    await tab.call(where, 'open', kind, 'blocking');

    expect(await tab.call(where, 'find')).toEqual({ prefix: 5, count: 5 });
    expect(await tab.call(where, 'damage')).toBe(0);
    await tab.page.close();
  });
});

function refusalOf(error: unknown): object {
  const { message, code, committed } = error as Error & { code?: string; committed?: string };
  return { message, code, committed };
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

const POLL = { timeout: 60_000, interval: 100 };

const OPFS_WORKER = { kind: 'opfs', where: 'inWorker' } as const;

interface Refusal {
  readonly count: number;
  readonly code?: string;
  readonly committed?: string;
}
