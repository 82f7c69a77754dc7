/** docs/examples/wallet as its user meets it, in each browser: by clicks, on the built package. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { serveWallet } from '../../docs/examples/wallet/server.mjs';
import { useBuiltPackage } from '../support/built-package.ts';
import { makeProfile } from './browsers.ts';
import { USER_BROWSERS, type UserBrowser, type UserPage } from './user-page.ts';

/** Of twenty kills, on a machine that is busy. */
const WORK_MS_MAX = 600_000;
/** Of one click on "Kill 20 times". */
const KILL_COUNT = 20;
const NEWEST_COMMIT = 'details.commit[open]';
const PLACES = [
  { place: 'opfs', query: '' },
  { place: 'indexed-db', query: '?store=indexed-db' },
];

for (const { name, path } of USER_BROWSERS) {
  if (path === undefined) console.log(`SKIPPED: there is no ${name} on this system`);
}

const KINDS = USER_BROWSERS.filter(({ path }) => path !== undefined);

describe.each(KINDS)('the wallet in $name', ({ name, launch }) => {
  const profile = makeProfile();
  const pages: UserPage[] = [];
  let site: Awaited<ReturnType<typeof serveWallet>>;
  let browser: UserBrowser;

  useBuiltPackage();

  beforeAll(async () => {
    site = await serveWallet({ port: 0 });
    browser = await launch(profile);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
    profile.remove();
  });

  /** One that a failed test leaves open would keep the store from the next. */
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });

  async function openTab(query: string): Promise<Wallet> {
    const page = await browser.open(site.url + query);
    pages.push(page);
    return new Wallet(page);
  }

  /** With nothing in it. */
  async function openWallet(query: string): Promise<Wallet> {
    const wallet = await openTab(query);
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
      expect(await wallet.page.texts('#transfer [aria-invalid]')).toHaveLength(1);

      await wallet.page.reload();
      await wallet.ready();
      expect(await wallet.balances()).toEqual({ Alice: '87.50', Bob: '33.00' });
      expect(await wallet.text('#sum')).toMatch(/120\.50\s+✓ exactly what was paid in/);
      expect(await wallet.text('#history li:first-child')).toMatch(/3Alice → Bob.*12\.50/);
      expect(await wallet.text('#host')).toContain(`${place}:wallet`);
      expect(wallet.page.complaints).toEqual([]);
    });

    test('shows the transfer in the WAL, with what was there before', async () => {
      const wallet = await openWallet(query);
      await wallet.openAccount('Alice', '100');
      await wallet.openAccount('Bob', '20');

      await wallet.transfer('Alice', 'Bob', '5');

      expect(await wallet.text(`${NEWEST_COMMIT} summary`)).toMatch(/^#\d+commit\d+ B/);
      expect(await wallet.page.texts(`${NEWEST_COMMIT} .operation`)).toEqual([
        'putbalances“Alice”100.00 → 95.00',
        'putbalances“Bob”20.00 → 25.00',
        'puthistory3from Alice, to Bob, amount 5.00',
        'puttotals“entries”2 → 3',
      ]);
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
      console.log(`${name}, ${place}, one commit: ${whole} whole, ${absent} absent, ${half} half`);
      expect(Number(whole) + Number(absent)).toBe(KILL_COUNT + 1);
      expect([half, money]).toEqual(['0', '±0']);
      expect(await wallet.text('#sum')).toMatch(/300\.00\s+✓ exactly what was paid in/);
      expect(await wallet.forgotten()).toBe(0);
      // Those that were found, beside three accounts and two transfers in peace.
      expect(await wallet.entryCount()).toBe(3 + 2 + Number(whole));
      await wallet.page.reload();
      await wallet.ready();
      expect(await wallet.text('#sum')).toMatch(/300\.00\s+✓ exactly what was paid in/);
      expect(wallet.page.complaints).toEqual([]);
    });

    test('is killed in the middle of transfers: in two writes, money comes and goes', {
      timeout: 600_000,
    }, async () => {
      const wallet = await openWallet(query);
      await wallet.click('#begin');
      await wallet.page.click('label:has([name=way][value=two])');
      await wallet.transfer('Alice', 'Bob', '1');
      expect(await wallet.text('#sum')).toMatch(/300\.00\s+✓/);

      await wallet.click('#kill-many');

      const [whole, absent, half] = await wallet.tally('two writes');
      console.log(`${name}, ${place}, two writes: ${whole} whole, ${absent} absent, ${half} half`);
      expect(Number(whole) + Number(absent) + Number(half)).toBe(KILL_COUNT);
      expect(Number(half)).toBeGreaterThan(0);
      expect(await wallet.text('#sum')).toMatch(/are lost|more than were ever paid in/);
    });
  });

  test('tells a second tab that the first has it', async () => {
    await openWallet('');
    const second = await openTab('');

    await second.page.waitFor('#transfer-error:not(:empty)');

    expect(await second.text('#transfer-error')).toContain('open in another tab');
  });

  test('fits a phone, and every field has a name', async () => {
    const wallet = await openWallet('');
    await wallet.page.resize({ width: 390, height: 844 });
    await wallet.click('#begin');
    await wallet.transfer('Alice', 'Bob', '1');

    const [content, room, window] = await wallet.page.read<[number, number, number]>(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth, innerWidth]',
    );
    expect(content).toBe(room);
    expect(window).toBe(390);
    await wallet.page.read(
      'for (const each of document.querySelectorAll("details")) each.setAttribute("open", "")',
    );
    for (const [role, ...names] of [
      ['combobox', 'From', 'To'],
      ['textbox', 'Amount', 'Name', 'Pays in'],
      ['radio', 'one commit', 'two writes'],
    ] as const) {
      for (const label of names) {
        expect(await wallet.page.countOf(role, label), label).toBe(1);
      }
    }
  });
});

class Wallet {
  readonly page: UserPage;

  constructor(page: UserPage) {
    this.page = page;
  }

  async ready(): Promise<void> {
    await this.page.waitFor('#worker[data-state=open]');
    await this.page.waitFor('body[aria-busy=false]');
  }

  /** Waits until what it starts is done. */
  async click(selector: string): Promise<void> {
    await this.page.click(selector);
    await this.page.waitFor('body[aria-busy=false]', WORK_MS_MAX);
  }

  async openAccount(name: string, deposit: string): Promise<void> {
    if (!(await this.page.isVisible('[name=name]'))) await this.page.click('#open-more > summary');
    await this.page.fill('[name=name]', name);
    await this.page.fill('[name=deposit]', deposit);
    await this.click('#open-account button');
  }

  async transfer(from: string, to: string, amount: string): Promise<void> {
    await this.page.choose('[name=from]', from);
    await this.page.choose('[name=to]', to);
    await this.page.fill('[name=amount]', amount);
    await this.click('#send');
  }

  /** Of the first such element. */
  async text(selector: string): Promise<string> {
    await this.page.waitFor(selector);
    return (await this.page.texts(selector))[0] ?? '';
  }

  async balances(): Promise<Record<string, string>> {
    const names = await this.page.texts('#accounts .name');
    const amounts = await this.page.texts('#accounts .amount');
    return Object.fromEntries(names.map((name, index) => [name, amounts[index] ?? '']));
  }

  /** All of it, nothing, half, and the money that came or went. */
  async tally(way: string): Promise<string[]> {
    const rows = await this.page.texts('#tally tr');
    const row = rows.findIndex((text) => text.includes(way)) + 1;
    return this.page.texts(`#tally tr:nth-child(${row}) td`);
  }

  /** Kills after the answer that did not find the transfer. */
  async forgotten(): Promise<number> {
    return (await this.page.texts('.strip .forgotten')).length;
  }

  async entryCount(): Promise<number> {
    return Number(await this.text('#history .number'));
  }
}
