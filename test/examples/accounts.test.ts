/** docs/examples/accounts as its user meets it: a program, run against the built package. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Store } from 'onewal';
import { MemoryFileSystem } from 'onewal/memory';
import { describe, expect, test } from 'vitest';
import {
  ACCOUNT_COUNT,
  moveToken,
  openBank,
  START_BALANCE,
} from '../../docs/examples/accounts/bank.mjs';
import { inspectBank } from '../../docs/examples/accounts/check-bank.mjs';
import { useBuiltPackage } from '../support/built-package.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'docs/examples/accounts/main.mjs');

useBuiltPackage();

function run(...words: string[]): { exitCode: number | null; output: string; errors: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    encoding: 'utf8',
  });
  return { exitCode: status, output: stdout, errors: stderr };
}

describe('two writers that are killed', () => {
  test('keep the sum, and lose nothing that was acknowledged', { timeout: 60_000 }, () => {
    const { exitCode, output, errors } = run('--transactions', '1200', '--kills', '3');

    expect({ exitCode, errors }, output).toEqual({ exitCode: 0, errors: '' });
    const [acknowledged, , , kills, , isKept] = (output.trim().split('\n').at(-1) ?? '')
      .trim()
      .split(/\s{2,}/);
    expect(output).toContain('stored in all  1,200');
    expect(Number(acknowledged?.replace(',', ''))).toBeGreaterThan(1100);
    expect([kills, isKept]).toEqual(['3', 'yes']);
  });

  test('refuse a command line that they do not know', () => {
    for (const words of [['--kills', 'many'], ['--transactions', '0'], ['--kill', '1'], ['x']]) {
      const { exitCode, errors } = run(...words);

      expect(exitCode, words.join(' ')).toBe(2);
      expect(errors).toContain('usage: npm run example:accounts');
    }
  });
});

describe('the check between two lives', () => {
  const faultsOf = async (
    tamper: (bank: ReturnType<typeof openBank>) => Promise<unknown>,
    acknowledged: readonly number[] = [3, 0],
  ): Promise<string[]> => {
    const store = await Store.open(new MemoryFileSystem());
    const bank = openBank(store);
    for (let n = 0; n < ACCOUNT_COUNT; n++) await bank.balances.put(n, START_BALANCE);
    await bank.moves.put(0, 3, { token: moveToken(0, 3) });
    await tamper(bank);
    const { faults } = inspectBank(store, acknowledged);
    await store.close();
    return faults;
  };

  test('finds nothing where all is well', async () => {
    expect(await faultsOf(async () => undefined)).toEqual([]);
  });

  test('finds money that came or went, debts, and transfers that are gone or half there', async () => {
    expect(await faultsOf((bank) => bank.balances.put(7, 0))).toEqual(['the sum is 99000']);
    expect(
      await faultsOf(async (bank) => {
        await bank.balances.put(7, -1);
        await bank.balances.put(8, 2 * START_BALANCE + 1);
      }),
    ).toEqual(['an account is below zero']);
    expect(await faultsOf(async () => undefined, [4, 0])).toEqual([
      'writer 0 was told of 4, and 3 is stored',
    ]);
    expect(await faultsOf((bank) => bank.moves.put(1, 2))).toEqual([
      'the token of transfer 2 of writer 1 is not known',
    ]);
    expect(await faultsOf((bank) => bank.moves.remove(9, { token: moveToken(0, 4) }))).toEqual([
      'transfer 4 of writer 0 has a token and is not stored',
    ]);
  });
});
