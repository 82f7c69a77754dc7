/** docs/examples/wallet without a browser: the money, the verdicts, the rows of WALs, the server. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Store } from 'onewal';
import { readWals, type WalContent } from 'onewal/inspect';
import { MemoryFileSystem } from 'onewal/memory';
import { connect, serve } from 'onewal/remote';
import { afterEach, describe, expect, test } from 'vitest';
import { amountText, parseAmount } from '../../docs/examples/wallet/page/money/amount.mjs';
import {
  type Bank,
  checkTransfer,
  MAPS,
  openAccount,
  openBank,
  readBank,
  startAgain,
  transfer,
  transferInTwoWrites,
} from '../../docs/examples/wallet/page/money/bank.mjs';
import { judge } from '../../docs/examples/wallet/page/money/verdict.mjs';
import { type WalRows, walRows } from '../../docs/examples/wallet/page/wal-rows.mjs';
import { serveWallet } from '../../docs/examples/wallet/server.mjs';
import { useBuiltPackage } from '../support/built-package.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'docs/examples/wallet/main.mjs');
const AT = { at: 0 };

useBuiltPackage();

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Alice and Bob with 100 each, as a page has them: beyond a port, under its policy. */
async function twoAccounts(): Promise<{ bank: Bank; store: Store; files: MemoryFileSystem }> {
  const files = new MemoryFileSystem();
  const store = await Store.open(files);
  const { port1, port2 } = new MessageChannel();
  serve(store, port1, { read: MAPS, write: MAPS });
  const client = await connect(port2);
  closing.push(
    () => store.close(),
    () => client.close(),
  );
  const bank = openBank(client);
  for (const name of ['Alice', 'Bob']) await openAccount(bank, { name, amount: 10_000n }, AT);
  return { bank, store, files };
}

describe('an amount', () => {
  test.each([
    ['12', 1200n],
    [' 12.5 ', 1250n],
    ['12,50', 1250n],
    ['0.01', 1n],
    ['123456789012.99', 12345678901299n],
  ])('is read from "%s"', (text, amount) => {
    expect(parseAmount(text)).toBe(amount);
  });

  test.each(['', 'ten', '-5', '1.234', '1e3', '0x10', '1 000', '.5', '1234567890123'])(
    'is not read from %j',
    (text) => {
      expect(() => parseAmount(text)).toThrow(expect.objectContaining({ field: 'amount' }));
    },
  );

  test('is written with two places and groups of three', () => {
    const texts = [0n, 5n, 1250n, 123_456_789n, -1250n].map(amountText);

    expect(texts).toEqual(['0.00', '0.05', '12.50', '1,234,567.89', '−12.50']);
  });
});

describe('a transfer', () => {
  test('moves money in one commit over balances, history and totals', async () => {
    const { bank, store } = await twoAccounts();
    const commits: string[][] = [];
    store.on('commit', ({ changes }) => commits.push(changes.map(({ map }) => map)));

    await transfer(bank, { from: 'Alice', to: 'Bob', amount: 3_050n }, { at: 7, token: 'one' });

    const state = await readBank(bank);
    expect([...state.balances]).toEqual([
      ['Alice', 6_950n],
      ['Bob', 13_050n],
    ]);
    expect(state.entries.map(({ number }) => number)).toEqual([3, 2, 1]);
    expect(state.entries[0]).toEqual({
      number: 3,
      from: 'Alice',
      to: 'Bob',
      amount: 3_050n,
      at: 7,
    });
    expect([state.sum, state.money]).toEqual([20_000n, 20_000n]);
    expect(commits).toHaveLength(1);
    expect(new Set(commits[0])).toEqual(new Set(MAPS));
    expect(await bank.store.outcomeOf('one')).toBe('committed');
  });

  test.each([
    [
      'more than there is',
      { from: 'Alice', to: 'Bob', amount: 10_001n },
      'amount',
      'Alice has 100.00',
    ],
    [
      'money to oneself',
      { from: 'Alice', to: 'Alice', amount: 1n },
      'to',
      'Alice cannot pay Alice',
    ],
    ['nothing', { from: 'Alice', to: 'Bob', amount: 0n }, 'amount', 'Nothing is no amount'],
    ['money of nobody', { from: 'Eve', to: 'Bob', amount: 1n }, 'from', 'Say whose money'],
    ['money to nobody', { from: 'Alice', to: '', amount: 1n }, 'to', 'Say who is to have it'],
  ])('of %s is refused, and nothing is written', async (_, asked, field, message) => {
    const { bank } = await twoAccounts();
    const before = await readBank(bank);
    const refusal = { field, message: expect.stringContaining(message) };

    await expect(transfer(bank, asked, AT)).rejects.toMatchObject(refusal);
    await expect(transferInTwoWrites(bank, asked, AT)).rejects.toMatchObject(refusal);
    expect(() => checkTransfer(before, asked)).toThrow(expect.objectContaining(refusal));

    expect(await readBank(bank)).toEqual(before);
  });

  test('in two writes comes to the same, if nobody dies in between', async () => {
    const { bank, store } = await twoAccounts();
    const sums: bigint[] = [];
    store.on('commit', () => {
      const values = Array.from(store.map<string, bigint>('balances').getRange());
      sums.push(values.reduce((sum, { value }) => sum + value, 0n));
    });

    await transferInTwoWrites(bank, { from: 'Alice', to: 'Bob', amount: 500n }, AT);
    await transferInTwoWrites(bank, { from: 'Bob', to: 'Alice', amount: 200n }, AT);

    expect(sums).toEqual([19_500n, 20_000n, 20_200n, 20_000n]);
    const { balances, sum, money } = await readBank(bank);
    expect([balances.get('Alice'), sum, money]).toEqual([9_700n, 20_000n, 20_000n]);
  });
});

describe('an account', () => {
  test('has a name of its own, and is opened once', async () => {
    const { bank } = await twoAccounts();
    const open = (name: string) => openAccount(bank, { name, amount: 1n }, AT);

    await expect(open(' Alice ')).rejects.toMatchObject({ field: 'name' });
    await expect(open('  ')).rejects.toMatchObject({ field: 'name' });
    await expect(open('x'.repeat(21))).rejects.toMatchObject({ field: 'name' });

    expect((await readBank(bank)).money).toBe(20_000n);
  });

  test('is gone with its history when all starts again', async () => {
    const { bank } = await twoAccounts();

    await startAgain(bank);

    const { balances, entries, money } = await readBank(bank);
    expect([balances.size, entries.length, money]).toEqual([0, 0, 0n]);
  });
});

describe('what a kill has left', () => {
  const asked = { from: 'Alice', to: 'Bob', amount: 500n };
  const verdictOf = async (change: (bank: Bank) => Promise<unknown>, isAcknowledged = false) => {
    const { bank } = await twoAccounts();
    const before = await readBank(bank);
    await change(bank);
    return judge(before, await readBank(bank), { transfer: asked, isAcknowledged });
  };

  test('is all of the transfer, or nothing', async () => {
    const whole = await verdictOf((bank) => transfer(bank, asked, AT), true);
    const absent = await verdictOf(async () => undefined);

    expect(whole).toMatchObject({ outcome: 'whole', gain: 0n, isForgotten: false });
    expect(absent).toMatchObject({ outcome: 'absent', gain: 0n, isForgotten: false });
  });

  test('is half of it where money is gone or was made, or another account has changed', async () => {
    const lost = await verdictOf(({ balances }) => balances.put('Alice', 9_500n));
    const made = await verdictOf(({ balances }) => balances.put('Bob', 10_500n));
    const other = await verdictOf(({ balances }) => balances.put('Carol', 1n));
    const unwritten = await verdictOf(async ({ balances }) => {
      await balances.put('Alice', 9_500n);
      await balances.put('Bob', 10_500n);
    });

    expect(lost).toMatchObject({ outcome: 'half', gain: -500n, isTaken: true, isGiven: false });
    expect(made).toMatchObject({ outcome: 'half', gain: 500n, isTaken: false, isGiven: true });
    expect(other).toMatchObject({ outcome: 'half', gain: 1n });
    expect(unwritten).toMatchObject({ outcome: 'half', gain: 0n });
  });

  test('is a fault of the store where it was acknowledged and is not there', async () => {
    expect(await verdictOf(async () => undefined, true)).toMatchObject({ isForgotten: true });
  });
});

describe('the rows of WALs', () => {
  const putsIn = (wals: readonly WalContent[], heard: Parameters<typeof walRows>[1]) =>
    walRows(wals, heard)
      .flatMap(({ frames }) => frames)
      .flatMap(({ operations }) => operations)
      .filter((row) => row.type === 'put' && row.map === 'balances')
      .map((row) => 'value' in row && [row.key, row.before, row.value]);

  test('have the newest first, and the old amounts beside the new ones', async () => {
    const { bank, files } = await twoAccounts();
    await transfer(bank, { from: 'Alice', to: 'Bob', amount: 500n }, AT);
    const wals = await readWals(files);

    const [newest] = walRows(wals, new Map());

    const sequences = newest?.frames.map(({ sequence }) => sequence) ?? [];
    expect(sequences).toEqual([...sequences].sort((a, b) => b - a));
    expect(putsIn(wals, new Map())).toEqual([
      ['Alice', 10_000n, 9_500n],
      ['Bob', 10_000n, 10_500n],
      ['Bob', undefined, 10_000n],
      ['Alice', undefined, 10_000n],
    ]);
  });

  test('say which commits an open has logged again, with the same old amounts', async () => {
    const { bank, store, files } = await twoAccounts();
    await transfer(bank, { from: 'Alice', to: 'Bob', amount: 500n }, AT);
    const { sequence } = store.info;
    const [wal] = await readWals(files);
    const again = wal?.frames.filter((frame) => frame.sequence === sequence) ?? [];

    const [newer, older] = walRows(
      [wal as WalContent, { ...(wal as WalContent), frames: again }],
      new Map(),
    );

    const commitIn = (frames: WalRows['frames'] = []) =>
      frames.find((frame) => frame.sequence === sequence && frame.type === 'commit');
    const [logged, first] = [commitIn(newer?.frames), commitIn(older?.frames)];
    expect([logged?.isAgain, first?.isAgain]).toEqual([true, false]);
    expect(logged?.operations).toEqual(first?.operations);
  });

  test('take from the events what no WAL has any more', async () => {
    const { bank, store, files } = await twoAccounts();
    const heard = new Map();
    store.on('commit', ({ sequence, changes }) => heard.set(sequence, changes));
    await transfer(bank, { from: 'Alice', to: 'Bob', amount: 500n }, AT);
    const wals = await readWals(files);
    const last = wals.map((wal) => ({
      ...wal,
      frames: wal.frames.filter(({ sequence }) => sequence >= 3),
    }));

    expect(putsIn(last, heard)).toEqual([
      ['Alice', 10_000n, 9_500n],
      ['Bob', 10_000n, 10_500n],
    ]);
    expect(putsIn(last, new Map())).toEqual([
      ['Alice', undefined, 9_500n],
      ['Bob', undefined, 10_500n],
    ]);
  });
});

describe('the server', () => {
  test('serves the page and the package, under a strict policy, and nothing else', async () => {
    const { url, close } = await serveWallet({ port: 0 });
    closing.push(close);
    const get = (path: string) => fetch(new URL(path, url));

    const page = await get('/');
    expect(page.headers.get('content-security-policy')).toBe("default-src 'self'");
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const worker = await get('/owner.mjs');
    expect(worker.headers.get('content-security-policy')).toBe("default-src 'self'");
    const script = await worker.text();
    expect(script).toContain("import { Store } from '/onewal/index.mjs'");
    expect(script).toContain("from '/onewal/opfs.mjs'");
    expect((await get('/onewal/opfs.mjs')).status).toBe(200);
    for (const path of [
      '/%2e%2e/server.mjs',
      '/..%2fserver.mjs',
      '/onewal/../server.mjs',
      '/x.mjs',
    ]) {
      expect((await get(path)).status, path).toBe(404);
    }
    expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  });

  test('refuses a port that is taken, and a command line that it does not know', async () => {
    const { url, close } = await serveWallet({ port: 0 });
    closing.push(close);
    const run = (...words: string[]) =>
      spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8' });

    const taken = run('--port', new URL(url).port);
    expect([taken.status, taken.stderr]).toEqual([2, expect.stringContaining('cannot listen')]);
    for (const words of [['--port', 'x'], ['--port', '70000'], ['--host', 'a'], ['x']]) {
      const { status, stderr } = run(...words);
      expect(status, words.join(' ')).toBe(2);
      expect(stderr).toContain('usage: npm run example:wallet');
    }
    expect(run('--help').status).toBe(0);
  });
});
