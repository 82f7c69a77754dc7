/** The driver itself: it finds what was planted, says so the same way each time, and makes it small. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { bundleTarget, loadTarget } from '../../fuzz/driver/bundle.ts';
import { runCampaign } from '../../fuzz/driver/campaign.ts';
import { instrument } from '../../fuzz/driver/instrument.ts';
import { minimise } from '../../fuzz/driver/minimise.ts';
import { Coverage, probesOfProcess } from '../../fuzz/driver/probes.ts';
import { mutateValue } from '../../fuzz/formats/cbor-edit.ts';
import { pack, unpack } from '../../fuzz/formats/sparse.ts';
import { type CborValue, encodeCbor } from '../../src/bytes/cbor.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const directory = mkdtempSync(join(tmpdir(), 'onewal-driver-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const planted = await loadTarget(
  await bundleTarget('test/fuzz/planted.ts', { directory, measured: /planted/ }),
);
const corpus = (await planted.seeds?.()) ?? [];
const SEED = 3;
const RUNS = 60_000;

test('every planted fault is found behind its checksum, and minimised to what it takes', async () => {
  const options = { seed: SEED, runs: RUNS, findingCountMax: 3 };

  const { findings, discovered } = await runCampaign(planted, corpus, options);

  const found = findings.map(({ finding, input }) => [
    finding.kind.split(':')[0],
    new TextDecoder().decode(input.subarray(4)),
  ]);
  expect(found.sort()).toEqual([
    ['TypeError', 'cra'],
    ['pollution', 'po'],
    ['reservation', 'me'],
  ]);
  expect(discovered.length).toBeGreaterThan(4);
  expect('polluted' in {}).toBe(false);
});

test('without sealing what it has changed, nothing is found in as many runs', async () => {
  const blind = { fuzz: planted.fuzz };

  const { findings, runCount } = await runCampaign(blind, corpus, { seed: SEED, runs: RUNS });

  expect(findings).toEqual([]);
  expect(runCount).toBe(RUNS + corpus.length);
});

test('an input that takes too long each time is a finding', async () => {
  const never = { milliseconds: -1 };

  const slow = await runCampaign({ fuzz: () => undefined, limits: never }, [corpus[0]!], {
    ...{ seed: SEED, runs: 0 },
  });

  expect(slow.findings[0]?.finding.kind).toBe('slow');
});

test('the same seed gives the same inputs, another one others', async () => {
  const inputsOf = async (seed: number) => {
    const inputs: string[] = [];
    const onInput = (input: Uint8Array) => inputs.push(input.join());
    await runCampaign(planted, corpus, { seed, runs: 200, onInput });
    return inputs;
  };

  const inputs = await inputsOf(1);

  expect(await inputsOf(1)).toEqual(inputs);
  expect(await inputsOf(2)).not.toEqual(inputs);
});

test('an input is minimised to the bytes that matter', async () => {
  const input = Uint8Array.from({ length: 300 }, (_, i) => i % 251);

  const smallest = await minimise(input, async (bytes) =>
    bytes.includes(77) && bytes.includes(200) ? bytes : undefined,
  );

  expect([...smallest]).toEqual([77, 200]);
});

test('instrumented code does what it did, counts its branches and reports what it reserves', () => {
  const code = [
    '//#region src/measured.ts',
    'function pick(n) { if (n > 1) return n > 2 ? "many" : "two"; else return n && "one"; }',
    'const sum = (list) => { let all = 0; for (const n of list) all += n; return all; };',
    'const bytes = (n) => new Uint8Array(n).length;',
    'function word(n) { switch (n) { case 1: return "a"; default: } try { null.x; } catch { return "b"; } }',
    '//#endregion',
    '//#region src/else.ts',
    'const other = (n) => (n ? 1 : 2);',
    '//#endregion',
    'return { pick, sum, bytes, word, other };',
  ].join('\n');
  // A function body may return; a module may not.
  const wrapped = `function all() {\n${code}\n}\nall;`;
  const probes = probesOfProcess();

  const text = instrument(wrapped, (path) => path === 'src/measured.ts');
  const all = new Function(`${text.replace(/\nall;$/, '\nreturn all();')}`)();

  expect(text.split('\n')).toHaveLength(wrapped.split('\n').length);
  probes.reset();
  expect([0, 1, 2, 3].map(all.pick)).toEqual([0, 'one', 'two', 'many']);
  expect(probes.counters.filter((count) => count > 0)).toHaveLength(6);
  expect([all.sum([1, 2, 3]), all.bytes(5000), all.word(1), all.word(2)]).toEqual([
    6,
    5000,
    'a',
    'b',
  ]);
  expect(probes.largest).toBe(5000);
  probes.reset();
  expect([all.other(0), all.other(1)]).toEqual([2, 1]);
  expect(probes.counters.every((count) => count === 0)).toBe(true);
});

test('coverage is new where a block, or how often it runs, is new', () => {
  const coverage = new Coverage();
  const blocks = new Coverage('blocks');
  const seen = (...counts: number[]) =>
    [coverage, blocks].map((each) => each.absorb(Uint8Array.from(counts)));

  expect(seen(0, 1, 0, 0)).toEqual([true, true]);
  expect(seen(0, 1, 0, 0)).toEqual([false, false]);
  expect(seen(0, 5, 0, 0)).toEqual([true, false]);
  expect(seen(0, 6, 0, 0)).toEqual([false, false]);
  expect(seen(0, 0, 0, 1)).toEqual([true, true]);
  expect([coverage.covered, blocks.covered]).toEqual([2, 2]);
});

test('bytes are unpacked as they were packed, and every byte string unpacks to something bounded', () => {
  const runs = fc.array(
    fc.oneof(
      fc.uint8Array(),
      fc.nat(300).map((n) => new Uint8Array(n)),
    ),
  );
  fc.assert(
    fc.property(runs, (parts) => {
      const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
      expect(unpack(pack(bytes))).toEqual(bytes);
    }),
    { seed: SEED },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(unpack(bytes).length).toBeLessThanOrEqual(256 << 10);
    }),
    { seed: SEED },
  );
});

test('a footer whose optional fields are left out, and one with inherited names, can be changed', () => {
  const footer = { tokens: undefined, base: null } as unknown as CborValue;

  for (let seed = 0; seed < 200; seed++) {
    const changed = mutateValue(footer, new SeededRandom(seed));
    expect(() => encodeCbor(withoutGaps(changed))).not.toThrow(TypeError);
  }
});

/** As the encoder of footers leaves out what is undefined. */
function withoutGaps(value: CborValue): CborValue {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields);
}
