/** What every store does, and what only happens to stores in browsers, in Firefox. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, FIREFOX, makeProfile } from './browsers.ts';
import { holdContracts, PLACES } from './contracts.ts';
import { placeScenes, singleScenes } from './scenes.ts';
import { type Site, serveSite } from './site.ts';

/** Hundreds of stores, and a dozen syncs for each file that Firefox opens and closes. */
const CONTRACTS_TIMEOUT_MS = 1_800_000;

if (FIREFOX.path === undefined) console.log('SKIPPED: there is no Firefox on this system');

describe.skipIf(FIREFOX.path === undefined)('in Firefox', () => {
  const profile = makeProfile();
  let site: Site;
  let browser: Browser;

  beforeAll(async () => {
    site = await serveSite();
    browser = await FIREFOX.launch(profile);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
    profile.remove();
  });

  describe.each(PLACES)('a store on $kind, $where', (place) => {
    const { kind, where } = place;
    placeScenes(place, () => ({ browser, site }));

    test('says what the browser promises', async () => {
      const tab = await browser.open(site.url);
      const location = `${kind}:facts ${where}`;

      const made = await tab.call(where, 'open', kind, `facts ${where}`);

      expect(made).toMatchObject({ location, lock: 'kernel', durability: 'media', isNew: true });
      await tab.close();
    });
  });

  // Firefox makes no more files than an asynchronous open needs.
  singleScenes(() => ({ browser, site }), 'openPrepared');

  test.each(PLACES)(
    'a store on $kind does what every store does, $where',
    { timeout: CONTRACTS_TIMEOUT_MS },
    async (place) => {
      const tab = await browser.open(site.url);

      await holdContracts(tab, 'Firefox', place);
      await tab.close();
    },
  );
});
