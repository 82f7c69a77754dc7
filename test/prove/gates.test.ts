/** A gate that cannot fail proves nothing: each finds a fault that was planted in the engine. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, expect, test } from 'vitest';
import { type Mutant, mutate } from '../mutants/mutant.mjs';
import { MUTANTS } from '../mutants/mutants.mjs';
import type { Gate, Tally } from './gate.ts';
import { gates } from './gates/index.ts';
import type * as pieces from './pieces.child.ts';

const directory = mkdtempSync(join(tmpdir(), 'onewal-gates-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What no mutant does, since every test would notice: the gates must, too. */
const BARREN: readonly Mutant[] = [
  {
    name: 'a batch is refused although nothing has failed',
    file: 'src/store.ts',
    find: '    return this.#committer.commit(this.#handles.encode(writes), options);\n',
    replace: "    this.map('');\n",
    tests: [],
  },
];

/** By gate: a mutant of `npm run mutants`, and the piece that finds it soonest. */
const PLANTED: { readonly [gate: string]: readonly (readonly [fault: string, piece: number])[] } = {
  'small-scope': [
    ['a commit is acknowledged before its sync', 0],
    ['the name of a new WAL is not synced', 0],
    ['a batch is refused although nothing has failed', 0],
  ],
  'fault-loop': [
    ['a write that failed is not cut off again', 18],
    ['a range ends where a snapshot cannot be read', 25],
  ],
  'sync-personalities': [['a WAL is trusted after a failed sync', 0]],
  'nested-crash': [
    ['an open does not log again what may not be on the medium', 0],
    ['a batch is refused although nothing has failed', 0],
  ],
  'disk-size': [['the reserve is given to nobody', 0]],
  'random-lives': [['a rotation does not log again what readers have seen', 0]],
  transactions: [['what a transaction has read is not checked', 0]],
};
const CASES = Object.entries(PLANTED).flatMap(([gate, planted]) =>
  planted.map(([fault, piece]) => ({ gate, fault, piece })),
);

test.each(CASES)(
  '$gate notices that $fault',
  async ({ gate, fault, piece }) => {
    const broken = new ShortTally(Infinity);
    const sound = () => new ShortTally(broken.caseCount);

    await runOn(await bundleWith(fault), { gate, piece, tally: broken });

    expect(broken.found).toMatch(/./);
    expect(await runOn(await bundleWith(undefined), { gate, piece, tally: sound() })).toBe(
      undefined,
    );
  },
  120_000,
);

test('every gate has a planted fault to find, here or in a test of its own', () => {
  const files = ['test/prove/gates', 'test/prove', 'test/processes'].flatMap(filesIn);
  const isTested = ({ name }: Gate): boolean => {
    const file = files.find((path) => readFileSync(path, 'utf8').includes(`name: '${name}'`));
    const tests = files.filter((path) => path.endsWith('.test.ts'));
    return tests.some((path) => readFileSync(path, 'utf8').includes(`/${basename(file ?? '')}'`));
  };

  const others = gates.filter(({ name }) => PLANTED[name] === undefined);

  expect(others.filter((gate) => !isTested(gate))).toEqual([]);
  expect(gates.length - others.length).toBe(Object.keys(PLANTED).length);
});

function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => name.endsWith('.ts'));
  return names.map((name) => join(directory, name));
}

/** Ends its piece with the first failure, or when it has counted enough. */
class ShortTally implements Tally {
  readonly seed = 0;
  caseCount = 0;
  found: string | undefined;
  readonly #seen = new Set<string>();
  readonly #caseCountMax: number;

  constructor(caseCountMax: number) {
    this.#caseCountMax = caseCountMax;
  }

  isNew(digest: string): boolean {
    const isNew = !this.#seen.has(digest);
    this.#seen.add(digest);
    return isNew;
  }

  count(_: string, count = 1): void {
    this.caseCount += count;
    if (this.caseCount > this.#caseCountMax) throw new Enough();
  }

  fail(message: string, replay: string): void {
    this.found = `${replay}: ${message}`;
    throw new Enough();
  }
}

class Enough extends Error {}

/** What was found. */
async function runOn(
  bundle: typeof pieces,
  order: { readonly gate: string; readonly piece: number; readonly tally: ShortTally },
): Promise<string | undefined> {
  await bundle.checksumReady;
  const gate = bundle.gates.find(({ name }) => name === order.gate);
  if (gate === undefined) throw new Error(`there is no gate ${order.gate}`);
  await gate.run(order.piece, 'ci', order.tally).catch((error: unknown) => {
    if (!(error instanceof Enough)) throw error;
  });
  return order.tally.found;
}

const bundles = new Map<string | undefined, Promise<typeof pieces>>();

function bundleWith(fault: string | undefined): Promise<typeof pieces> {
  const bundle = bundles.get(fault) ?? makeBundle(fault);
  bundles.set(fault, bundle);
  return bundle;
}

async function makeBundle(fault: string | undefined): Promise<typeof pieces> {
  const mutant = [...MUTANTS, ...BARREN].find(({ name }) => name === fault);
  if (fault !== undefined && mutant === undefined) throw new Error(`there is no mutant ${fault}`);
  const plant = {
    name: 'plant',
    load: (id: string) =>
      mutant !== undefined && id.endsWith(mutant.file)
        ? { code: mutate(mutant, readFileSync(id, 'utf8')), moduleType: 'ts' as const }
        : undefined,
  };
  const bundle = await rolldown({
    ...{ input: 'test/prove/pieces.child.ts', platform: 'node', logLevel: 'warn' },
    plugins: [plant],
    external: ['rolldown'],
  });
  const file = join(directory, `${(fault ?? 'sound').replaceAll(' ', '-')}.mjs`);
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  return import(pathToFileURL(file).href);
}
