/** The runner of `npm run prove`, with gates that prove nothing. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { bundleProver } from './bundle.mjs';
import type { Place } from './main.ts';

const root = mkdtempSync(join(tmpdir(), 'onewal-prove-'));
let place: Omit<Place, 'directory'>;
let directoryCount = 0;
let directory = '';

beforeAll(async () => {
  const toys = resolve('test/prove/toy-gates.child.ts');
  const bundle = join(root, 'bundle');
  mkdirSync(bundle);
  place = await bundleProver(bundle, {
    name: 'toys',
    load: (id) =>
      id.endsWith('test/prove/gates/index.ts')
        ? { code: `export { gates } from ${JSON.stringify(toys)};`, moduleType: 'ts' }
        : undefined,
  });
});
beforeEach(() => {
  directoryCount += 1;
  directory = join(root, `results-${directoryCount}`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a run counts cases, and those that are distinct over all pieces of a gate', async () => {
  const { exitCode, output } = await prove('--ci', '--only', 'steady');

  expect(exitCode).toBe(0);
  expect(output).toContain('steady: 80 own cases, 40 shared cases');
  expect(rowOf(output, 'steady')).toEqual(['120', '90', '0']);
  expect(output).toContain('Everything holds');
});

test('a run that goes on behind one that was stopped ends with the same figures', async () => {
  const whole = await prove('--only', 'steady', '--workers', '2');
  leaveAsIfStopped();

  const resumed = await prove('--only', 'steady', '--workers', '1', '--resume');

  expect(rowOf(resumed.output, 'steady')).toEqual(rowOf(whole.output, 'steady'));
  expect(resumed.output).toContain('steady: 160 own cases, 80 shared cases');
});

test('what was finished is not run again, and without being asked nothing is gone on with', async () => {
  await prove('--only', 'steady');
  const path = join(directory, 'full-0', 'steady-3.json');
  const known = { gate: 'steady', piece: 3, failures: [], failureCount: 0, seconds: 1 };
  writeFileSync(path, JSON.stringify({ ...known, kinds: { 'kept cases': 7 } }));

  const resumed = await prove('--only', 'steady', '--resume');
  const anew = await prove('--only', 'steady');

  expect(resumed.output).toContain('7 kept cases');
  expect(anew.output).not.toContain('kept cases');
});

test('results of other sources are not gone on with', async () => {
  await prove('--only', 'steady');
  const path = join(directory, 'full-0', 'fingerprint');
  writeFileSync(path, 'of something else');
  const failed = { failures: [], failureCount: 5, kinds: {}, seconds: 1 };
  const kept = JSON.stringify({ gate: 'steady', piece: 0, ...failed });
  writeFileSync(join(directory, 'full-0', 'steady-0.json'), kept);

  const { exitCode } = await prove('--only', 'steady', '--resume');

  expect(exitCode).toBe(0);
});

test('something false ends the run with exit code 1 and with the command that finds it again', async () => {
  const { exitCode, output } = await prove('--ci', '--only', 'steady,false', '--seed', '3');
  const again = /again: npm run prove -- (.*)/.exec(output)?.[1]?.split(' ') ?? [];
  const replay = await prove(...again);
  const other = await prove('--ci', '--only', 'false', '--piece', '0');

  expect(exitCode).toBe(1);
  expect(rowOf(output, 'false')).toEqual(['3', '0', '1']);
  expect(again).toEqual(['--only', 'false', '--piece', '1', '--ci', '--seed', '3']);
  expect(replay.exitCode).toBe(1);
  expect(replay.output).toContain('something is false with seed 3');
  expect(replay.output).toContain('case: case 7');
  expect(other.exitCode).toBe(0);
});

test.each([
  ['throwing', 'this piece is broken'],
  ['careless', 'left behind'],
  ['idle', 'the piece checked nothing'],
  ['dying', 'its process ended, 7'],
])('a piece that breaks down is a failure: %s', async (gate, message) => {
  const { exitCode, output } = await prove('--ci', '--only', gate);

  expect(exitCode).toBe(1);
  expect(rowOf(output, gate)[2]).toBe('1');
  expect(output).toContain(message);
});

test('what a machine cannot do is named at the end, and not counted as checked', async () => {
  const { exitCode, output } = await prove('--ci', '--only', 'poor');

  expect(exitCode).toBe(0);
  expect(rowOf(output, 'poor')).toEqual(['1', '0', '0']);
  expect(output).toContain('Everything holds, but for what this machine cannot do: poor (disks)');
});

test('pieces behind one that ended its process are run all the same', async () => {
  const { output } = await prove('--ci', '--only', 'dying', '--workers', '1');

  expect(rowOf(output, 'dying')).toEqual(['2', '0', '1']);
});

test.each([
  ['an unknown gate', ['--only', 'nothing'], 'there is no gate nothing'],
  ['a piece of no gate', ['--piece', '1'], '--piece is one of the gate that --only names'],
  ['a piece that is not there', ['--only', 'false', '--piece', '3'], 'there is no piece 3'],
  ['two scales', ['--ci', '--long'], '--ci or --long, not both'],
  ['a seed in words', ['--seed', 'one'], '--seed one is no number'],
  ['an unknown option', ['--fast'], 'fast'],
])('a wrong call ends with exit code 2: %s', async (_, words, message) => {
  const { exitCode, output } = await prove(...words);

  expect(exitCode).toBe(2);
  expect(output).toContain(message);
  expect(output).toContain('usage: npm run prove');
});

test('the list names every gate, what it holds and its pieces', async () => {
  const { exitCode, output } = await prove('--list');

  expect(exitCode).toBe(0);
  expect(output).toContain(
    'false: two pieces of three hold (pieces: 3 with --ci, 3, 3 with --long)',
  );
});

async function prove(...words: string[]): Promise<{ exitCode: number; output: string }> {
  const { main } = await import(pathToFileURL(join(root, 'bundle', 'main.mjs')).href);
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(write),
    vi.spyOn(console, 'error').mockImplementation(write),
  ];
  try {
    return { exitCode: await main(words, { ...place, directory }), output: lines.join('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Checked, distinct, failures. */
function rowOf(output: string, gate: string): string[] {
  const row = output.split('\n').find((line) => line.startsWith(`| ${gate} `)) ?? '';
  return row
    .split('|')
    .slice(3, 6)
    .map((cell) => cell.trim());
}

/** Some pieces are done; of one the digests are there, and not what says that it is finished. */
function leaveAsIfStopped(): void {
  const kept = (name: string) => join(directory, 'full-0', name);
  for (const piece of [2, 5, 6]) rmSync(kept(`steady-${piece}.json`));
  rmSync(kept('steady-5.digests'));
  writeFileSync(kept('steady-6.digests'), new Uint8Array(5));
  writeFileSync(kept('steady-6.json.new'), '{"half');
}
