/**
 * A second reader, in Python, written from docs/format.md alone: it and the engine see the same in
 * every store, and refuse the same damage.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toHex } from '../../src/bytes/bytes.ts';
import { checksum, checksumReady } from '../../src/bytes/checksum.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { seededNumbers } from '../support/seeded.ts';
import { damaged, flipsEverywhere } from './damage.ts';
import { forgedFooters, forgedWals } from './forged.ts';
import { type Left, live, liveLarge } from './lives.ts';
import { type Outcome, python, shownByEngine, shownByReader, writeOut } from './shown.ts';

const SEEDS = Array.from({ length: Number(process.env.READER_SEEDS ?? 100) }, (_, n) => n + 1);
const GOLDEN = fileURLToPath(new URL('../format/v1', import.meta.url));
/** `first`, 0 and 255, `third`. */
const GOLDEN_TOKENS = ['6669727374', '00ff', '7468697264'];
const LIES = ['another count', 'other bytes', 'a tree elsewhere'];
const hasPython = python(['--version']).status === 0;
const directory = mkdtempSync(join(tmpdir(), 'onewal-second-reader-'));

if (!hasPython) console.log('the second reader is not compared: there is no python3 here');

beforeAll(() => checksumReady);
afterAll(() => rmSync(directory, { recursive: true }));

describe.skipIf(!hasPython)('the reader in Python', () => {
  test('computes the hashes that the engine does', () => {
    const next = seededNumbers(3);
    const inputs = [0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 3072, 5000, 17_000].map((size) =>
      Uint8Array.from({ length: size }, () => next()),
    );
    const key = Uint8Array.from({ length: 32 }, () => next());

    const script = [
      'import sys, blake3',
      'key = bytes.fromhex(sys.argv[1])',
      'for line in sys.stdin.read().split("\\n"):',
      '    data = bytes.fromhex(line)',
      '    print(blake3.hash32(data).hex(), blake3.keyed32(key, data).hex())',
    ];
    const { stdout } = python(['-c', script.join('\n'), toHex(key)], inputs.map(toHex).join('\n'));

    const expected = inputs.map((input) =>
      [checksum([input]), checksum([input], key)].map(toHex).join(' '),
    );
    expect(stdout.trim().split('\n')).toEqual(expected);
  });

  test('sees what the engine sees, in stores from random lives', async () => {
    const stores = new Map<string, Left>();
    for (const seed of SEEDS) stores.set(`seed ${seed}`, await live(seed));

    const { opened } = await compare(stores);

    expect(opened).toBeGreaterThan(SEEDS.length * 0.9);
  }, 120_000);

  test('sees what the engine sees, in the golden stores', async () => {
    const names = readdirSync(GOLDEN);
    const stores = new Map(names.map((name) => [`golden ${name}`, golden(name)]));

    const { opened } = await compare(stores);

    expect(opened).toBe(names.length);
  });

  test('sees what the engine sees, in trees with pages above pages', async () => {
    const { opened } = await compare(new Map([['large', await liveLarge()]]));

    expect(opened).toBe(1);
  });

  test('refuses a closed store in which a bit has flipped, or shows what it showed', async () => {
    const next = seededNumbers(9);
    const stores = new Map<string, Left>();
    const whole = new Map<string, Outcome>();
    for (const seed of SEEDS.filter((each) => each % 16 === 1)) {
      const { disk, tokens } = await live(seed);
      const outcome = await shownByEngine(disk, tokens);
      for (const { disk: flipped, wrong } of flipsEverywhere(disk, next)) {
        stores.set(`flip ${seed}, ${wrong}`, { disk: flipped, tokens });
        whole.set(`flip ${seed}, ${wrong}`, outcome);
      }
    }

    const { byReader } = await read(stores);

    const accepted = [...byReader].filter(([, { exit }]) => exit === 0);
    for (const [name, outcome] of accepted) expect(outcome, name).toEqual(whole.get(name));
    expect(byReader.size - accepted.length).toBeGreaterThan(byReader.size * 0.4);
  }, 60_000);

  test('agrees with the engine about forged WALs, whose checksums are all right', async () => {
    const stores = withTokens(forgedWals());

    const { opened } = await compare(stores);

    expect(opened).toBeGreaterThan(30);
    expect(stores.size - opened).toBeGreaterThan(30);
  });

  test('agrees with the engine about forged footers, whose hashes are right', async () => {
    const { disk, tokens } = await live(9);
    const stores = withTokens(forgedFooters(disk), tokens);
    for (const name of LIES) expect(stores.delete(`footer: ${name}`), name).toBe(true);

    const { opened } = await compare(stores);

    expect(opened).toBeGreaterThan(5);
  });

  test('refuses footers that lie about their trees, which the engine only reads as far as asked', async () => {
    const forged = forgedFooters((await live(9)).disk);
    const stores = LIES.map((name) => [name, forged.get(`footer: ${name}`) as SimulatedDisk]);

    const { byReader } = await read(withTokens(new Map(stores as [string, SimulatedDisk][])));

    expect([...byReader.values()].map(({ exit }) => exit)).toEqual(LIES.map(() => 1));
  });

  test('agrees with the engine about random damage to random stores', async () => {
    const stores = new Map<string, Left>();
    for (const seed of SEEDS) {
      const { disk, tokens } = await live(seed);
      const found = damaged(disk, seededNumbers(seed + 1000));
      if (found !== undefined) stores.set(`${seed}, ${found.wrong}`, { disk: found.disk, tokens });
    }

    const { opened } = await compare(stores);

    expect(opened).toBeGreaterThan(SEEDS.length * 0.2);
    expect(opened).toBeLessThan(SEEDS.length * 0.8);
  }, 120_000);
});

/** The same stores, with the tokens that forgeries are asked for. */
function withTokens(
  stores: ReadonlyMap<string, SimulatedDisk>,
  before: readonly string[] = [],
): Map<string, Left> {
  const tokens = [...before, ...[1, 3, 4, 64].map((size) => '61'.repeat(size))];
  return new Map([...stores].map(([name, disk]) => [name, { disk, tokens }]));
}

/** Both read every store, and show the same or refuse for the same kind of reason. */
async function compare(stores: ReadonlyMap<string, Left>): Promise<{ readonly opened: number }> {
  const { byEngine, byReader } = await read(stores);
  const differing: string[] = [];
  for (const [name, engine] of byEngine) {
    const reader = byReader.get(name);
    if (isDeepStrictEqual(engine, reader)) continue;
    if (engine.exit !== reader?.exit || engine.exit === 0)
      differing.push(`${name}: ${said(engine)} | ${said(reader)}`);
  }
  expect(differing).toEqual([]);
  const opened = [...byEngine.values()].filter(({ exit }) => exit === 0).length;
  return { opened };
}

async function read(stores: ReadonlyMap<string, Left>): Promise<{
  readonly byEngine: ReadonlyMap<string, Outcome>;
  readonly byReader: ReadonlyMap<string, Outcome>;
}> {
  const byEngine = new Map<string, Outcome>();
  const names = [...stores.keys()];
  for (const [name, { disk, tokens }] of stores) {
    writeOut(disk, join(directory, name));
    byEngine.set(name, await shownByEngine(disk, tokens));
  }
  const read = shownByReader(names.map((name) => join(directory, name)));
  const byReader = names.map((name) => [name, read.get(join(directory, name))] as const);
  return { byEngine, byReader: new Map(byReader as [string, Outcome][]) };
}

function said(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'nothing';
  return outcome.exit === 0 ? JSON.stringify(outcome.shown) : outcome.reason;
}

function golden(name: string): Left {
  const disk = new SimulatedDisk();
  const at = join(GOLDEN, name);
  for (const entry of readdirSync(at, { withFileTypes: true })) {
    if (entry.isFile())
      disk.writeFile(entry.name, new Uint8Array(readFileSync(join(at, entry.name))));
  }
  return { disk, tokens: GOLDEN_TOKENS };
}
