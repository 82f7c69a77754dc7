/** What every store does, in Firefox. */
import { describe, expect, test } from 'vitest';
import { firefoxPath, launchFirefox, makeProfile } from './browsers.ts';
import { holdContracts, PLACES } from './contracts.ts';
import { serveSite } from './site.ts';

if (firefoxPath === undefined) console.log('SKIPPED: there is no Firefox on this system');

describe.skipIf(firefoxPath === undefined)('in Firefox', () => {
  test.each(PLACES)(
    'a store on $kind does what every store does, $where',
    { timeout: 600_000 },
    async (place) => {
      const profile = makeProfile();
      const site = await serveSite();
      const tab = await launchFirefox(profile, site.url);
      try {
        const facts = await tab.call(place.where, 'open', place.kind, 'facts');
        expect(facts).toMatchObject({ durability: 'media', lock: 'kernel' });

        await holdContracts(tab, 'Firefox', place);
      } finally {
        await tab.close();
        await site.close();
        profile.remove();
      }
    },
  );
});
