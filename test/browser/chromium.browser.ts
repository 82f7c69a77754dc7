import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { chromiumPath, launchChromium, makeProfile, openTab } from './browsers.ts';
import { holdContracts } from './contracts.ts';
import { type Site, serveSite } from './site.ts';

if (chromiumPath === undefined) console.log('SKIPPED: there is no Chromium on this system');

describe.skipIf(chromiumPath === undefined)('in Chromium', () => {
  const profile = makeProfile();
  let site: Site;
  let context: BrowserContext;

  beforeAll(async () => {
    site = await serveSite();
    context = await launchChromium(profile);
  });

  afterAll(async () => {
    await context?.close();
    await site?.close();
    profile.remove();
  });

  test('a store in OPFS does what every store does', async () => {
    const tab = await openTab(context, site.url);

    await holdContracts(tab, { browser: 'Chromium', where: 'inWorker', kind: 'opfs' });
    await tab.page.close();
  });
});
