/**
 * A browser is killed, all of it at once, while stores commit: what was acknowledged is there when
 * it starts again. `ONEWAL_KILLS` says how often; the default is for every day.
 */
import { describe, expect, test } from 'vitest';
import { seededNumbers } from '../support/seeded.ts';
import { type Browser, CHROMIUM, FIREFOX, makeProfile, type Tab } from './browsers.ts';
import { PLACES } from './contracts.ts';
import type { Found } from './page/store-actions.ts';
import { serveSite } from './site.ts';

const KILL_COUNT = Number(process.env.ONEWAL_KILLS ?? 3);
const POLL = { timeout: 60_000, interval: 5 };
const TIMEOUT_MS = 1_800_000;
/** Of all kills. Each is told by an error, and none by the store: docs/webview.md. */
const DELETIONS_MAX = 0.1;

const KINDS = [CHROMIUM, FIREFOX].filter(({ path }) => path !== undefined);

describe.each(KINDS)('when $name is killed', ({ name, launch }) => {
  test.each(PLACES.slice(0, 2))(
    'a store on $kind has kept every commit that was acknowledged',
    { timeout: TIMEOUT_MS },
    async ({ kind, where }) => {
      const profile = makeProfile();
      const site = await serveSite();
      const next = seededNumbers(1);
      const found: Found[] = [];
      const acknowledged: number[] = [];
      let deletions = 0;
      /** Chromium deletes a database that it finds damaged, as its own may be behind a kill. */
      const openOrBeginAnew = async (tab: Tab): Promise<void> => {
        try {
          await tab.call(where, 'open', kind, 'killed');
        } catch (error) {
          if (!/the browser has found it damaged/.test(String(error))) throw error;
          deletions += 1;
          site.forget();
          await tab.call(where, 'deleteDatabase', 'killed');
          await tab.call(where, 'open', kind, 'killed');
        }
      };
      const live = async (browser: Browser, isLast: boolean): Promise<void> => {
        const tab = await browser.open(site.url);
        await openOrBeginAnew(tab);
        const before = site.acknowledged;
        found.push(await tab.call<Found>(where, 'find'));
        acknowledged.push(before);
        expect(await tab.call(where, 'damage')).toBe(0);
        if (isLast) return;
        const target = before + 5 + (next() % 120);
        void tab.call(where, 'commitForever', site.url).catch(() => undefined);
        await expect.poll(() => site.acknowledged, POLL).toBeGreaterThanOrEqual(target);
      };
      for (let kill = 0; kill <= KILL_COUNT; kill++) {
        const browser = await launch(profile);
        try {
          await live(browser, kill === KILL_COUNT);
        } finally {
          await browser.kill();
        }
      }
      await site.close();
      profile.remove();

      console.log(
        `${name}, ${kind} ${where}: killed ${KILL_COUNT} times, ${deletions} databases deleted by the browser; acknowledged ${acknowledged.join(' ')}; ` +
          `found ${found.map(({ prefix }) => prefix).join(' ')}`,
      );
      expect(deletions).toBeLessThanOrEqual(KILL_COUNT * DELETIONS_MAX);
      for (const [index, { prefix, count }] of found.entries()) {
        expect(prefix).toBe(count);
        expect(prefix).toBeGreaterThanOrEqual(acknowledged[index] as number);
      }
    },
  );
});
