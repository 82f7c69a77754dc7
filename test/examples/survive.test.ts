/**
 * docs/examples/survive as its user meets it: a program, run against the built package.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Store, type StoreMap, type Write } from 'onewal';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import * as blocks from '../../docs/examples/survive/blocks/maps.mjs';
import * as triggers from '../../docs/examples/survive/triggers/maps.mjs';
import { useBuiltPackage } from '../support/built-package.ts';
import { blockOf, CHAIN, coin, coinbase, fileOf, NO_HASH, txidOf } from './synthetic-blocks.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'docs/examples/survive/main.mjs');
const DATA = join(ROOT, '../shared/data/bitcoin');
const RUN_MS_MAX = 60_000;
const ALL_IS_WELL = { lost: '0', 'half applied': '0', 'other faults': '0' };

/** What the made-up work surely touches. */
const VARIABLE = 'agent-1\nvariable-7';
const ACCOUNT = 'agent-2\naccount-3';

let directory: string;

useBuiltPackage();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'onewal-survive-test-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a run with made-up triggers', { timeout: RUN_MS_MAX }, () => {
  test('loses nothing and leaves nothing half applied', () => {
    const run = survive('--rounds', '6', '--seed', 'six kills');

    expect(run).toMatchObject({ exitCode: 0, errors: '' });
    expect(run.table).toMatchObject({ rounds: '6', ...ALL_IS_WELL });
    expect(run.table['commits acknowledged']).toMatch(/^\d,\d\d\d$/);
  });

  test('works and checks without a single kill', () => {
    const run = survive('--rounds', '0');

    expect(run.exitCode).toBe(0);
    expect(run.output).toMatch(/seed \d+/);
    expect(run.table).toMatchObject({ rounds: '0', ...ALL_IS_WELL });
  });

  test('goes on with a store that it was told to keep', () => {
    const first = survive('--rounds', '1', '--seed', 'kept', '--dir', directory);
    const second = survive('--rounds', '1', '--dir', directory);
    const foreign = survive('--rounds', '1', '--seed', 'other', '--dir', directory);

    expect([first.exitCode, second.exitCode, foreign.exitCode]).toEqual([0, 0, 2]);
    expect(second.output).toContain('seed kept');
    expect(foreign.errors).toContain('was made with --seed kept');
  });

  test('refuses a directory of something else, and leaves it alone', () => {
    writeFileSync(join(directory, 'letter.txt'), 'Dear all');
    const run = survive('--rounds', '1', '--dir', directory);

    expect(run.exitCode).toBe(2);
    expect(readdirSync(directory)).toEqual(['letter.txt']);
  });

  test.each<[string, (maps: triggers.Maps) => Write, string]>([
    [
      'a response that is gone',
      (maps) => ({ type: 'remove', map: maps.responses, key: 200 }),
      'trigger 200 is gone, and has no response',
    ],
    [
      'a trigger that is back',
      (maps) => ({ type: 'put', map: maps.pending, key: [0, 200], value: {} }),
      'trigger 200 has a response, and is still pending',
    ],
    [
      'a state variable that is gone',
      (maps) => ({ type: 'remove', map: maps.state, key: VARIABLE }),
      'agent-1 variable-7 was never set',
    ],
    [
      'a state variable that is too old',
      (maps) => ({ type: 'put', map: maps.state, key: VARIABLE, value: { trigger: 1, text: '' } }),
      'agent-1 variable-7 was set by trigger 1, and must be by',
    ],
    [
      'money that moved by itself',
      (maps) => ({ type: 'put', map: maps.balances, key: ACCOUNT, value: 0n }),
      'agent-2 account-3 has 0, and by the responses it must have',
    ],
  ])('reports %s', async (_, write, reason) => {
    survive('--rounds', '0', '--seed', 'tampered', '--dir', directory);
    await tamper(directory, (store) => write(triggers.openMaps(store)));
    const run = survive('--rounds', '0', '--dir', directory);

    expectHalfApplied(run, reason);
    expect(run.output).toContain(`SOMETHING IS WRONG. The store as it is: ${directory}`);
  });
});

describe('the command line', () => {
  test.each([
    [['--round', '3'], "Unknown option '--round'"],
    [['--rounds', 'many'], '--rounds takes a number, not many'],
    [['--strict'], '--strict goes with --blocks'],
    [['file.dat'], 'file.dat'],
  ])('refuses %j and prints the usage', (words, reason) => {
    const run = survive(...words);

    expect(run.exitCode).toBe(2);
    expect(run.errors).toContain(reason);
    expect(run.errors).toContain('usage: npm start -- [options]');
  });
});

describe('a run with blocks', { timeout: RUN_MS_MAX }, () => {
  test('comes to the same coins with kills and without', (context) => {
    const file = sharedFile(context, 'blocks-1-256.dat');
    const unharmed = survive('--blocks', file, '--rounds', '0');
    const killed = survive('--blocks', file, '--rounds', '10', '--seed', 'ten kills');

    expect([unharmed.exitCode, killed.exitCode]).toEqual([0, 0]);
    expect(killed.table).toMatchObject({ rounds: '10', ...ALL_IS_WELL });
    for (const { output } of [unharmed, killed]) {
      expect(output).toContain('sum 1275000000000 satoshi = 12750.00000000 BTC');
      expect(output).toContain(
        'digest 739f3dad633accea9bec78c7894e0592f10a3127a7435e4f4a357392518e9972',
      );
    }
  });

  test('counts the inputs that come from before its file', (context) => {
    const file = sharedFile(context, 'block-277647.dat');
    const run = survive('--blocks', file, '--rounds', '2', '--seed', 'one block');

    expect(run.exitCode).toBe(0);
    expect(run.output).toContain('blocks 1, from height 277647 to 277647\ncoins 707\n');
    expect(run.output).toContain('unknown inputs 670');
    expect(run.output).toContain(
      'digest a735a6eff9dd18e0a09135b5351004e099ae887071bec4a60ec3b02a253fac0d',
    );
  });

  test('refuses them when it is strict', (context) => {
    const run = survive('--blocks', sharedFile(context, 'block-277647.dat'), '--strict');

    expect(run.exitCode).toBe(2);
    expect(run.errors).toMatch(
      /670 unknown inputs, the first: block 277647 spends [0-9a-f]{64}:\d/,
    );
  });

  test('refuses a file that is cut', () => {
    const run = survive('--blocks', fileWith(fileOf(CHAIN).subarray(0, -1)));

    expect(run.exitCode).toBe(2);
    expect(run.errors).toMatch(/: at byte \d+: a block needs \d+ bytes, and \d+ are left/);
  });

  test('refuses a whole chain that spends a coin which it never made', () => {
    const spend = { inputs: [{ txid: txidOf(coinbase(9)), index: 3 }], outputs: [coin(1n)] };
    const run = survive('--blocks', fileWith(fileOf([blockOf(NO_HASH, [coinbase(0), spend])])));

    expect(run.exitCode).toBe(2);
    expect(run.errors).toMatch(/1 unknown inputs, the first: block 0 spends [0-9a-f]{64}:3/);
  });

  test('refuses a store of other blocks', () => {
    const store = join(directory, 'store');
    survive('--blocks', fileWith(fileOf(CHAIN)), '--dir', store, '--rounds', '0');
    const other = fileOf([blockOf(NO_HASH, [coinbase(9)])]);
    const run = survive('--blocks', fileWith(other), '--dir', store, '--rounds', '0');

    expect(run.exitCode).toBe(2);
    expect(run.errors).toContain('holds something else than the first blocks of this file');
  });

  test.each<[string, (maps: blocks.Maps) => Write, string]>([
    ['a coin that is gone', ({ coins }) => removalOfFirst(coins), 'is missing'],
    [
      'a coin that is gone by its script',
      ({ coinsByScript }) => removalOfFirst(coinsByScript),
      'is missing among the coins by script',
    ],
    [
      'a coin by script that nobody made',
      ({ coinsByScript: map }) => ({ type: 'put', map, key: NO_HASH, value: NO_HASH }),
      'there are 4 coins by script, and must be 3',
    ],
    [
      'undo data that is gone',
      ({ undo }) => removalOfFirst(undo),
      'the undo data of block 0 is wrong or missing',
    ],
    [
      'a header that is gone',
      ({ headers }) => removalOfFirst(headers),
      'the header of block 0 is wrong or missing',
    ],
  ])('reports %s', async (_, write, reason) => {
    const words = ['--blocks', fileWith(fileOf(CHAIN)), '--dir', join(directory, 'store')];
    expect(survive(...words, '--rounds', '0').exitCode).toBe(0);
    await tamper(join(directory, 'store'), (store) => write(blocks.openMaps(store)));

    expectHalfApplied(survive(...words, '--rounds', '0'), reason);
  });
});

function survive(...words: string[]) {
  const run = spawnSync(process.execPath, [MAIN, ...words], { cwd: ROOT, encoding: 'utf8' });
  return {
    exitCode: run.status,
    output: run.stdout,
    errors: run.stderr,
    table: tableIn(run.stdout),
  };
}

/** The two lines of the table, as names and values. */
function tableIn(output: string): Record<string, string> {
  const lines = output.split('\n');
  const head = lines.findIndex((line) => line.trimStart().startsWith('rounds  '));
  const cells = (line = '') => line.trim().split(/ {2,}/);
  const values = cells(lines[head + 1]);
  return Object.fromEntries(cells(lines[head]).map((name, i) => [name, values[i] ?? '']));
}

function expectHalfApplied(run: ReturnType<typeof survive>, reason: string) {
  expect(run.exitCode).toBe(1);
  expect(run.output).toContain(reason);
  expect(Number(run.table['half applied'])).toBeGreaterThan(0);
}

async function tamper(location: string, write: (store: Store) => Write) {
  const store = await Store.open(location);
  await store.batch([write(store)]);
  await store.close();
}

// biome-ignore lint/suspicious/noExplicitAny: any map will do
function removalOfFirst(map: StoreMap<any, any>): Write {
  const [key] = [...map.getKeys({ limit: 1 })];
  return { type: 'remove', map, key };
}

function sharedFile(context: TestContext, name: string): string {
  const path = join(DATA, name);
  context.skip(
    !existsSync(path),
    `there is no ${name} in shared/data/bitcoin beside the repository`,
  );
  return path;
}

function fileWith(bytes: Uint8Array): string {
  const path = join(directory, 'blocks.dat');
  writeFileSync(path, bytes);
  return path;
}
