/**
 * Tabs of Chromium share one store and count in it, each careful, while owners are closed, crashed and
 * frozen: nothing that was acknowledged is missing, no id is left out, and nobody hangs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Counted } from '../remote/counting-tab.ts';
import { CHROMIUM, type Chromium, launchChromium, makeProfile } from './browsers.ts';
import type { HostKind } from './page/store-actions.ts';
import { type Site, serveSite } from './site.ts';

type Tab = Awaited<ReturnType<Chromium['open']>>;

interface Counter {
  readonly name: string;
  readonly tab: Tab;
}

type Ending = 'close' | 'crash' | 'freeze';

const POLL = { timeout: 60_000, interval: 100 };
const TIMEOUT_MS = 600_000;
const KINDS: readonly HostKind[] = ['indexed-db', 'opfs'];

describe.skipIf(CHROMIUM.path === undefined)('tabs of Chromium that share a store', () => {
  const profile = makeProfile();
  let site: Site;
  let browser: Chromium;

  beforeAll(async () => {
    site = await serveSite();
    browser = await launchChromium(profile);
  });

  afterAll(async () => {
    await browser?.kill();
    await site?.close();
    profile.remove();
  });

  const session = ({ page }: Tab) => page.context().newCDPSession(page);

  async function setFrozen(tab: Tab, state: 'frozen' | 'active'): Promise<void> {
    await (await session(tab)).send('Page.setWebLifecycleState', { state });
  }

  async function crash(tab: Tab): Promise<void> {
    const crashed = tab.page.waitForEvent('crash');
    (await session(tab)).send('Page.crash').catch(() => undefined);
    await crashed;
    await tab.page.close();
  }

  describe.each(KINDS)('on %s', (kind) => {
    const join = async (scene: string, name: string): Promise<Counter> => {
      const tab = await browser.open(site.url);
      await tab.call('inPage', 'share', kind, scene);
      await tab.call('inPage', 'count', name);
      return { name, tab };
    };

    const advance = async (counters: readonly Counter[], by: number): Promise<void> => {
      for (const { tab } of counters) {
        const entries = async () => (await tab.call<Counted>('inPage', 'counted')).entries;
        const target = (await entries()) + by;
        await expect.poll(entries, POLL).toBeGreaterThanOrEqual(target);
      }
    };

    test.each([
      ['two', 2, ['close', 'crash', 'freeze', 'freeze']],
      ['five', 5, ['crash', 'freeze', 'close', 'crash', 'freeze', 'close']],
    ] as const)('%s lose nothing', { timeout: TIMEOUT_MS }, async (scene, count, endings) => {
      const counted = new Map<string, Counted>();
      const dead: string[] = [];
      let made = 0;
      const counters: Counter[] = [];
      const frozen: Counter[] = [];
      const add = async () => counters.push(await join(scene, `tab ${made++}`));
      while (made < count) await add();
      const takeOwner = async (): Promise<Counter> => {
        for (const [index, counter] of counters.entries()) {
          if ((await counter.tab.call<string>('inPage', 'owner')) !== 'here') continue;
          counters.splice(index, 1);
          return counter;
        }
        throw new Error('no tab is the owner');
      };
      const end: Record<Ending, (counter: Counter) => Promise<unknown>> = {
        close: ({ tab }) => tab.page.close(),
        crash: ({ tab }) => crash(tab),
        freeze: ({ tab }) => setFrozen(tab, 'frozen'),
      };

      for (const ending of endings) {
        await advance(counters, 5);
        const owner = await takeOwner();
        if (ending !== 'freeze') {
          counted.set(owner.name, await owner.tab.call<Counted>('inPage', 'counted'));
          dead.push(owner.name);
        }
        const started = Date.now();
        await end[ending](owner);
        await advance(counters, 1);
        console.log(`${kind}, ${scene}: ${ending}, all go on after ${Date.now() - started} ms`);
        if (ending === 'freeze') {
          await setFrozen(owner.tab, 'active');
          frozen.push(owner);
          await advance([owner], 2);
          counters.push(owner);
        } else await add();
      }

      for (const { name, tab } of counters) {
        counted.set(name, await tab.call<Counted>('inPage', 'stopCounting'));
      }
      const [{ tab }] = counters as [Counter];
      const all = [...counted.entries()];
      expect(await tab.call('inPage', 'differences', all, dead)).toEqual([]);
      console.log(`${kind}, ${scene}: ${JSON.stringify(all)}`);
      for (const counter of counters) {
        await counter.tab.call('inPage', 'closeShared');
        await counter.tab.page.close();
      }
    });

    test('a frozen tab that is no owner neither stops the others nor is left out', async () => {
      const [first, second] = [await join('client', 'first'), await join('client', 'second')];
      await advance([first, second], 3);
      await setFrozen(second.tab, 'frozen');
      await advance([first], 20);
      await setFrozen(second.tab, 'active');
      await advance([first, second], 3);

      expect(await first.tab.call('inPage', 'owner')).toBe('here');
      expect(await second.tab.call('inPage', 'owner')).toBe('elsewhere');
      for (const { tab } of [second, first]) await tab.page.close();
    });

    test('has a pace', async () => {
      const [first, second] = [await browser.open(site.url), await browser.open(site.url)];
      for (const { call } of [first, second]) await call('inPage', 'share', kind, 'pace');
      for (const { call } of [first, second]) {
        const owner = await call<string>('inPage', 'owner');
        const { put, get } = await call<{ put: number; get: number }>('inPage', 'pace', 200);
        console.log(`${kind}, owner ${owner}: put ${put} ms, get ${get} ms`);
        expect(put + get).toBeGreaterThan(0);
      }
      for (const { page } of [second, first]) await page.close();
    });
  });
});
