/** docs/examples/wallet as its user meets it, in Chromium: by clicks, on the built package. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveWallet } from '../../docs/examples/wallet/server.mjs';
import { CHROMIUM, type Chromium, launchChromium, makeProfile } from './browsers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILD_MS_MAX = 300_000;
const WAIT_MS_MAX = 60_000;
/** Of one click on "Kill 20 times". */
const KILL_COUNT = 20;
const PLACES = [
  { place: 'opfs', query: '' },
  { place: 'indexed-db', query: '?store=indexed-db' },
];

if (CHROMIUM.path === undefined) console.log('SKIPPED: there is no Chromium on this system');

describe.skipIf(CHROMIUM.path === undefined)('the wallet', () => {
  const profile = makeProfile();
  let site: Awaited<ReturnType<typeof serveWallet>>;
  let browser: Chromium;

  beforeAll(async () => {
    if (!existsSync(join(ROOT, 'dist'))) execFileSync('npm', ['run', 'build'], { cwd: ROOT });
    site = await serveWallet({ port: 0 });
    browser = await launchChromium(profile);
  }, BUILD_MS_MAX);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
    profile.remove();
  });

  /** With nothing in it. */
  async function openWallet(query: string): Promise<Wallet> {
    const { page } = await browser.open(site.url + query);
    const wallet = new Wallet(page);
    await wallet.ready();
    await wallet.click('#start-again');
    return wallet;
  }

  describe.each(PLACES)('in $place', ({ place, query }) => {
    test('opens accounts, moves money, refuses what cannot be, and has it after a reload', async () => {
      const wallet = await openWallet(query);
      await wallet.openAccount('Alice', '100');
      await wallet.openAccount('Bob', '20.50');
      await wallet.openAccount('Bob', '1');
      expect(await wallet.text('#open-error')).toBe('There is a Bob already.');
      await wallet.openAccount('Carol', 'much');
      expect(await wallet.text('#open-error')).toContain('“much” is not an amount');

      await wallet.transfer('Alice', 'Bob', '12.50');
      expect(await wallet.text('#transfer-done')).toBe('Alice has paid Bob 12.50.');
      for (const [to, amount, message] of [
        ['Bob', '87.51', 'Alice has 87.50: that is not enough.'],
        ['Bob', 'ten', '“ten” is not an amount: write 12 or 12.50.'],
        ['Bob', '', 'Say how much: 12 or 12.50.'],
        ['Bob', '0', 'Nothing is no amount: write 0.01 or more.'],
        ['Alice', '1', 'Alice cannot pay Alice: choose somebody else.'],
      ] as const) {
        await wallet.transfer('Alice', to, amount);
        expect(await wallet.text('#transfer-error')).toBe(message);
      }
      expect(await wallet.page.locator('#transfer [aria-invalid]').count()).toBe(1);

      await wallet.page.reload();
      await wallet.ready();
      expect(await wallet.balances()).toEqual({ Alice: '87.50', Bob: '33.00' });
      expect(await wallet.text('#sum')).toMatch(/120\.50\s+✓ exactly what was paid in/);
      expect(await wallet.text('#history li:first-child')).toMatch(/3Alice → Bob.*12\.50/);
      expect(await wallet.text('#host')).toContain(`${place}:wallet`);
      expect(wallet.complaints).toEqual([]);
      await wallet.page.close();
    });

    test('shows the transfer in the WAL, with what was there before', async () => {
      const wallet = await openWallet(query);
      await wallet.openAccount('Alice', '100');
      await wallet.openAccount('Bob', '20');

      await wallet.transfer('Alice', 'Bob', '5');

      const commit = wallet.page.locator('details.commit[open]').first();
      expect(await commit.locator('summary').textContent()).toMatch(/^#\d+commit\d+ B/);
      expect(await commit.locator('.operation').allTextContents()).toEqual([
        'putbalances“Alice”100.00 → 95.00',
        'putbalances“Bob”20.00 → 25.00',
        'puthistory3from Alice, to Bob, amount 5.00',
        'puttotals“entries”2 → 3',
      ]);
      await wallet.page.close();
    });

    test('is killed in the middle of transfers: in one commit, each is whole or absent', {
      timeout: 600_000,
    }, async () => {
      const wallet = await openWallet(query);
      await wallet.click('#begin');
      await wallet.transfer('Alice', 'Bob', '1');

      await wallet.click('#kill-many');
      await wallet.transfer('Bob', 'Carol', '1');
      await wallet.click('#kill');

      const [whole, absent, half, money] = await wallet.tally('one commit');
      console.log(`${place}, one commit: ${whole} whole, ${absent} absent, ${half} half`);
      expect(Number(whole) + Number(absent)).toBe(KILL_COUNT + 1);
      expect([half, money]).toEqual(['0', '±0']);
      expect(await wallet.text('#sum')).toMatch(/300\.00\s+✓ exactly what was paid in/);
      expect(await wallet.forgotten()).toBe(0);
      // Those that were found, beside three accounts and two transfers in peace.
      expect(await wallet.entryCount()).toBe(3 + 2 + Number(whole));
      await wallet.page.reload();
      await wallet.ready();
      expect(await wallet.text('#sum')).toMatch(/300\.00\s+✓ exactly what was paid in/);
      expect(wallet.complaints).toEqual([]);
      await wallet.page.close();
    });

    test('is killed in the middle of transfers: in two writes, money comes and goes', {
      timeout: 600_000,
    }, async () => {
      const wallet = await openWallet(query);
      await wallet.click('#begin');
      await wallet.page.click('text=two writes');
      await wallet.transfer('Alice', 'Bob', '1');
      expect(await wallet.text('#sum')).toMatch(/300\.00\s+✓/);

      await wallet.click('#kill-many');

      const [whole, absent, half] = await wallet.tally('two writes');
      console.log(`${place}, two writes: ${whole} whole, ${absent} absent, ${half} half`);
      expect(Number(whole) + Number(absent) + Number(half)).toBe(KILL_COUNT);
      expect(Number(half)).toBeGreaterThan(0);
      expect(await wallet.text('#sum')).toMatch(/are lost|more than were ever paid in/);
      await wallet.page.close();
    });
  });

  test('tells a second tab that the first has it', async () => {
    const wallet = await openWallet('');
    const { page } = await browser.open(site.url);

    const error = page.locator('#transfer-error:not(:empty)');
    await error.waitFor({ timeout: WAIT_MS_MAX });

    expect(await error.textContent()).toContain('open in another tab');
    await page.close();
    await wallet.page.close();
  });

  test('fits a phone, and every field has a name', async () => {
    const wallet = await openWallet('');
    await wallet.page.setViewportSize({ width: 390, height: 844 });
    await wallet.click('#begin');
    await wallet.transfer('Alice', 'Bob', '1');

    // Runs in the page, whose types are not those of this file.
    const widths = await wallet.page.evaluate(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth, innerWidth]',
    );
    const [content, room, window] = widths as [number, number, number];
    expect(content).toBe(room);
    expect(window).toBe(390);
    await wallet.page.locator('details').evaluateAll((all) => {
      for (const each of all) each.setAttribute('open', '');
    });
    for (const [role, ...names] of [
      ['combobox', 'From', 'To'],
      ['textbox', 'Amount', 'Name', 'Pays in'],
      ['radio', 'one commit', 'two writes'],
    ] as const) {
      for (const name of names) {
        expect(await wallet.page.getByRole(role, { name, exact: true }).count(), name).toBe(1);
      }
    }
    await wallet.page.close();
  });
});

class Wallet {
  readonly page: Page;
  /** What the browser had to say, of the content policy for one. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(WAIT_MS_MAX);
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (said) => {
      if (said.type() === 'error') this.complaints.push(said.text());
    });
  }

  async ready(): Promise<void> {
    await this.page.waitForSelector('#worker[data-state=open]');
    await this.page.waitForSelector('body[aria-busy=false]');
  }

  /** Waits until what it starts is done. */
  async click(selector: string): Promise<void> {
    await this.page.click(selector);
    await this.page.waitForSelector('body[aria-busy=false]', { timeout: 10 * WAIT_MS_MAX });
  }

  async openAccount(name: string, deposit: string): Promise<void> {
    if (!(await this.page.isVisible('[name=name]'))) await this.page.click('#open-more > summary');
    await this.page.fill('[name=name]', name);
    await this.page.fill('[name=deposit]', deposit);
    await this.click('#open-account button');
  }

  async transfer(from: string, to: string, amount: string): Promise<void> {
    await this.page.selectOption('[name=from]', from);
    await this.page.selectOption('[name=to]', to);
    await this.page.fill('[name=amount]', amount);
    await this.click('#send');
  }

  async text(selector: string): Promise<string> {
    return (await this.page.textContent(selector)) ?? '';
  }

  async balances(): Promise<Record<string, string>> {
    const names = await this.page.locator('#accounts .name').allTextContents();
    const amounts = await this.page.locator('#accounts .amount').allTextContents();
    return Object.fromEntries(names.map((name, index) => [name, amounts[index] ?? '']));
  }

  /** All of it, nothing, half, and the money that came or went. */
  tally(way: string): Promise<string[]> {
    return this.page.locator('#tally tr', { hasText: way }).locator('td').allTextContents();
  }

  /** Kills after the answer that did not find the transfer. */
  async forgotten(): Promise<number> {
    return this.page.locator('.strip .forgotten').count();
  }

  async entryCount(): Promise<number> {
    return Number(await this.page.locator('#history .number').first().textContent());
  }
}
