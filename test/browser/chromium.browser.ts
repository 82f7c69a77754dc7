/**
 * What every store does, and what only happens to stores in browsers, in Chromium. What is told here
 * and not in scenes.ts needs the DevTools protocol, or is a matter of Chromium alone.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, type Chromium, launchChromium, makeProfile } from './browsers.ts';
import { holdContracts, PLACES } from './contracts.ts';
import { placeScenes, singleScenes } from './scenes.ts';
import { type Site, serveSite } from './site.ts';

if (CHROMIUM.path === undefined) console.log('SKIPPED: there is no Chromium on this system');

describe.skipIf(CHROMIUM.path === undefined)('in Chromium', () => {
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

  describe.each(PLACES)('a store on $kind, $where', (place) => {
    const { kind, where } = place;
    placeScenes(place, () => ({ browser, site }));
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

  singleScenes(() => ({ browser, site }), 'open');
});

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

const POLL = { timeout: 60_000, interval: 100 };

interface Refusal {
  readonly count: number;
  readonly code?: string;
  readonly committed?: string;
}
