/**
 * Chromium deletes every database of an origin when it finds one damaged. A store that was there
 * must not look like one that never was.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHROMIUM, launchChromium, makeProfile } from './browsers.ts';
import { serveSite } from './site.ts';

const REFUSED = {
  code: 'CORRUPT',
  message: expect.stringContaining('the browser has found it damaged, and deleted all of it'),
};

describe.skipIf(CHROMIUM.path === undefined)('a database that Chromium has deleted', () => {
  test('is refused until it is deleted once more, whoever asks first', async () => {
    const profile = makeProfile();
    const site = await serveSite();
    const first = await launchChromium(profile);
    const tab = await first.open(site.url);
    await tab.call('inPage', 'open', 'indexed-db', 'store');
    await tab.call('inPage', 'put', 0, 200);
    await first.kill();
    damage(profile.path);

    const second = await launchChromium(profile);
    const page = await second.open(site.url);
    const open = (action: string, ...args: unknown[]) => page.call('inPage', action, ...args);
    await expect(open('openBest', 'store')).rejects.toMatchObject(REFUSED);
    await expect(open('open', 'indexed-db', 'store')).rejects.toMatchObject(REFUSED);
    await second.kill();

    const third = await launchChromium(profile);
    const last = await third.open(site.url);
    await expect(last.call('inPage', 'open', 'indexed-db', 'store')).rejects.toMatchObject(REFUSED);
    await last.call('inPage', 'deleteDatabase', 'store');
    expect(await last.call('inPage', 'open', 'indexed-db', 'store')).toMatchObject({ isNew: true });
    await third.close();
    await site.close();
    profile.remove();
  });
});

/** In the middle of the log of its LevelDB. */
function damage(profile: string): void {
  const databases = join(profile, 'Default', 'IndexedDB');
  for (const name of readdirSync(databases)) {
    const logs = readdirSync(join(databases, name)).filter((file) => file.endsWith('.log'));
    for (const log of logs) {
      const path = join(databases, name, log);
      const bytes = readFileSync(path);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
      writeFileSync(path, bytes);
    }
  }
}
