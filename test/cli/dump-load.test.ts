import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../src/index-node.ts';
import { bytes, cborValues, jsonValues, orderedKeys, texts } from './arbitrary.ts';
import { cli, cliWith, contentsOf, makeStore, newPath, rootOf } from './support.ts';

const ENTRIES = fc.record({
  cbor: fc.array(fc.tuple(orderedKeys, cborValues), { maxLength: 8 }),
  json: fc.array(fc.tuple(texts, jsonValues), { maxLength: 4 }),
  text: fc.array(fc.tuple(texts, texts), { maxLength: 4 }),
  raw: fc.array(fc.tuple(bytes, bytes), { maxLength: 4 }),
  own: fc.array(fc.tuple(bytes, bytes), { maxLength: 4 }),
});

const BALANCES = {
  name: 'balances',
  keyEncoding: 'ordered',
  valueEncoding: 'cbor',
  byteQuota: null,
};

const OWN = {
  name: 'own',
  encode: (content: unknown) => content as Uint8Array,
  decode: (content: Uint8Array): unknown => content,
};

const ENCODINGS = {
  cbor: {},
  json: { key: 'utf8', value: 'json' },
  text: { key: 'utf8', value: 'utf8' },
  raw: { key: 'binary', value: 'binary' },
  own: { key: OWN, value: OWN },
} as const;

async function storeOf(
  entries: {
    readonly [map in keyof typeof ENCODINGS]: readonly (readonly [unknown, unknown])[];
  },
): Promise<string> {
  const path = newPath();
  const store = await Store.open(path);
  for (const name of Object.keys(ENCODINGS) as (keyof typeof ENCODINGS)[]) {
    const map = store.map<never, never>(name, ENCODINGS[name] as object);
    for (const [key, value] of entries[name]) map.putSync(key as never, value as never);
  }
  await store.close();
  return path;
}

describe('a dump that is loaded', () => {
  it('gives the same root hash and the same dump, for every encoding', async () => {
    await fc.assert(
      fc.asyncProperty(ENTRIES, async (entries) => {
        const path = await storeOf(entries);
        const copy = newPath();
        const dump = await cli('dump', path);
        const load = await cliWith(dump.output, 'load', copy);

        expect(load).toMatchObject({ exitCode: 0, errors: '' });
        expect((await cli('dump', copy)).output).toBe(dump.output);
        // A store in which nothing was ever committed has no snapshot, and so no root.
        const isEmpty = Object.values(entries).every(({ length }) => length === 0);
        if (isEmpty) expect(await rootOf(path)).toBeUndefined();
        else expect(await rootOf(copy)).toBe(await rootOf(path));
      }),
      { numRuns: 40, examples: [[{ cbor: [], json: [], text: [], raw: [], own: [] }]] },
    );
  }, 60_000);

  it('brings maps without entries and all quotas', async () => {
    const path = await makeStore();
    const copy = newPath();

    await cliWith((await cli('dump', path)).output, 'load', copy);

    const { maps, byteQuota, unfinishedLoad } = JSON.parse(
      (await cli('info', copy, '--json')).output,
    );
    const original = JSON.parse((await cli('info', path, '--json')).output);
    expect({ maps, byteQuota, unfinishedLoad }).toEqual({
      maps: original.maps,
      byteQuota: 1_000_000,
      unfinishedLoad: false,
    });
    expect(await rootOf(copy)).toBe(await rootOf(path));
  });

  it('brings quotas of maps with a codec of their own, also where they are passed already', async () => {
    const path = newPath();
    const store = await Store.open(path);
    const map = store.map('own', { key: OWN, value: OWN });
    await map.put(Uint8Array.of(1), new Uint8Array(100));
    store.map('own', { key: OWN, value: OWN, quota: 7 });
    await store.close();
    const copy = newPath();

    const load = await cliWith((await cli('dump', path)).output, 'load', copy);

    expect(load).toMatchObject({ exitCode: 0, errors: '' });
    expect(JSON.parse((await cli('info', copy, '--json')).output).maps).toMatchObject([
      { name: 'own', byteQuota: 7, count: 1 },
    ]);
  });

  it('may hold chosen maps alone', async () => {
    const { output } = await cli('dump', await makeStore(), '--map', 'text', '--map', 'raw');

    expect(output.split('\n').slice(1, 3)).toEqual([
      '{"map":"raw","key":{"$bytes":"AQI="},"value":{"$bytes":"Aw=="}}',
      '{"map":"text","key":"greeting","value":"höi"}',
    ]);
    expect(await cliWith(output, 'load', newPath())).toMatchObject({ exitCode: 0 });
    expect(await cli('dump', await makeStore(), '--map', 'none')).toMatchObject({ exitCode: 2 });
  });
});

describe('a dump', () => {
  it('ends in the number of entries and the SHA-256 of all lines before', async () => {
    const { output } = await cli('dump', await makeStore());

    const lines = output.split('\n');
    const before = lines.slice(0, -2).map((line) => `${line}\n`);
    const digest = createHash('sha256').update(before.join('')).digest('hex');
    expect(lines.at(-2)).toBe(JSON.stringify({ end: { entries: 7, digest } }));
  });
});

describe('a dump that is not whole', () => {
  let dump: string;
  beforeAll(async () => {
    dump = (await cli('dump', await makeStore())).output;
  });

  it('is refused wherever it was cut, and nothing is made', async () => {
    const path = newPath();
    for (let length = 0; length < dump.length - 1; length++) {
      const { exitCode, errors } = await cliWith(dump.slice(0, length), 'load', path);

      expect({ length, exitCode }).toEqual({ length, exitCode: 2 });
      expect(errors).toMatch(/^onewal: DUMP_INVALID: line \d+: .*\n$/);
    }
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['a line that is no JSON', (lines: string[]) => replaced(lines, 3, '{"map":'), 'line 4: '],
    [
      'a line that is no entry',
      (lines: string[]) => replaced(lines, 2, '{"map":"text"}'),
      'line 3: ',
    ],
    [
      'an unknown map',
      (lines: string[]) => replaced(lines, 1, entry('nowhere')),
      'line 2: map "nowhere"',
    ],
    ['a key that is none', (lines: string[]) => replaced(lines, 1, entry('raw')), 'line 2: '],
    ['a value that is none', (lines: string[]) => replaced(lines, 6, entry('text', 1)), 'line 7: '],
    [
      'an unknown tag',
      (lines: string[]) => replaced(lines, 1, entry('balances', { $x: 1 })),
      'line 2: ',
    ],
    [
      'a missing line',
      (lines: string[]) => lines.filter((_, i) => i !== 4),
      'line 8: 7 entries were written',
    ],
    ['a changed line', (lines: string[]) => replaced(lines, 1, lines[2]), 'line 9: the digest'],
    ['a line too many', (lines: string[]) => [...lines, '{}'], 'line 10: the dump goes on'],
    ['no dump at all', () => ['{"some":"json"}'], 'line 1: this is no dump'],
    [
      'a newer dump',
      (lines: string[]) => replaced(lines, 0, '{"onewal":"dump","version":2}'),
      'newer',
    ],
    ['a header without maps', (lines: string[]) => replaced(lines, 0, headerOf()), 'line 1: '],
    [
      'a map without encodings',
      (lines: string[]) => replaced(lines, 0, headerOf({ name: 'm', byteQuota: null })),
      'line 1: the header does not list',
    ],
    [
      'a quota that is none',
      (lines: string[]) => replaced(lines, 0, headerOf({ ...BALANCES, byteQuota: -1 })),
      'line 1: the header does not list',
    ],
    [
      'two maps of one name',
      (lines: string[]) => replaced(lines, 0, headerOf(BALANCES, BALANCES)),
      'line 1: two maps',
    ],
    [
      'a mark of an unfinished load',
      (lines: string[]) =>
        replaced(lines, 0, headerOf({ ...BALANCES, name: 'onewal:unfinished-load' })),
      'line 1: the dump is of a store into which a load was not finished',
    ],
  ])('is refused: %s', async (_name, change, reason) => {
    const path = newPath();
    const text = change(dump.trimEnd().split('\n')).join('\n');

    const { exitCode, errors } = await cliWith(text, 'load', path);

    expect(exitCode).toBe(2);
    expect(errors).toContain(`onewal: DUMP_INVALID: `);
    expect(errors).toContain(reason);
    expect(existsSync(path)).toBe(false);
  });

  it('is taken when somebody who edited it left the digest out', async () => {
    const lines = dump.trimEnd().split('\n');
    const edited = [...lines.slice(0, -1), '{"end":{"entries":7}}']
      .join('\n')
      .replace('"höi"', '"hallo"');
    const path = newPath();

    expect(await cliWith(edited, 'load', path)).toMatchObject({ exitCode: 0 });
    expect((await cli('get', path, 'text', 'greeting')).output).toBe('"hallo"\n');
  });

  function headerOf(...maps: object[]): string {
    const listed = maps.length === 0 ? {} : { maps };
    return JSON.stringify({ onewal: 'dump', version: 1, byteQuota: null, ...listed });
  }

  function replaced(lines: readonly string[], at: number, line = ''): string[] {
    return lines.map((other, i) => (i === at ? line : other));
  }

  function entry(map: string, value: unknown = 1): string {
    return JSON.stringify({ map, key: 'k', value });
  }
});

describe('onewal load', () => {
  it('reads a file, too', async () => {
    const file = newPath();
    const path = newPath();
    writeFileSync(file, (await cli('dump', await makeStore())).output);

    expect(await cli('load', path, file)).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/^loaded 7 entries of 6 maps; the store is at commit \d+\n$/),
    });
    expect(await cli('load', newPath(), `${file}.none`)).toMatchObject({
      exitCode: 2,
      errors: expect.stringMatching(/^onewal: ENOENT: /),
    });
  });

  it('refuses a store that holds something, untouched', async () => {
    const path = await makeStore();
    const { output } = await cli('dump', path);
    const before = contentsOf(path);

    const { exitCode, errors } = await cliWith(output, 'load', path);

    expect(exitCode).toBe(2);
    expect(errors).toMatch(/^onewal: EXISTS: .*--into-existing\n$/);
    expect(contentsOf(path)).toEqual(before);
  });

  it('with --into-existing replaces equal keys, and leaves all else as it is', async () => {
    const path = newPath();
    const store = await Store.open(path, { quota: { bytes: 5000 } });
    await store.map('balances').put('alice', 'before');
    await store.map('balances').put('carol', 'stays');
    await store.close();
    const { output } = await cli('dump', await makeStore());

    const load = await cliWith(output, 'load', path, '--into-existing');

    expect(load).toMatchObject({ exitCode: 0, errors: '' });
    expect((await cli('get', path, 'balances', 'alice')).output).toBe('{"$bigint":"5"}\n');
    expect((await cli('get', path, 'balances', 'carol')).output).toBe('"stays"\n');
    expect(JSON.parse((await cli('info', path, '--json')).output).byteQuota).toBe(5000);
  });

  it('refuses other encodings than the store has, and a store in use', async () => {
    const path = newPath();
    const store = await Store.open(path);
    await store.map('text').put('other', 'encodings');
    const { output } = await cli('dump', await makeStore());
    const locked = await cliWith(output, 'load', path, '--into-existing');
    await store.close();
    const mismatch = await cliWith(output, 'load', path, '--into-existing');

    expect(locked.errors).toMatch(/^onewal: LOCKED: /);
    expect(mismatch.errors).toMatch(/^onewal: MAP_ENCODING_MISMATCH: /);
    expect([locked.exitCode, mismatch.exitCode]).toEqual([2, 2]);
  });

  it('marks a store until all of a large dump is in it', async () => {
    const large = newPath();
    const store = await Store.open(large, { quota: { bytes: 1 << 30 } });
    const map = store.map<string, string>('m', { key: 'utf8', value: 'utf8' });
    for (const key of ['a', 'b', 'c']) await map.put(key, key.repeat(4 << 20));
    await store.close();
    const { output } = await cli('dump', large);
    const path = newPath();

    const cut = await cliWith(output.slice(0, -90), 'load', path);

    expect(cut).toMatchObject({ exitCode: 2, output: '' });
    expect(cut.errors).toMatch(
      /DUMP_INVALID: line 5: .*is not finished, and the store is marked so/,
    );
    expect(JSON.parse((await cli('info', path, '--json')).output).unfinishedLoad).toBe(true);
    expect((await cli('verify', path)).output).toContain('unfinished load');
    expect((await cli('dump', path)).errors).toContain('load into this store was not finished');
    expect((await cliWith(output, 'load', path)).errors).toContain('that was not finished left');

    const again = await cliWith(output, 'load', path, '--into-existing');

    expect(again).toMatchObject({ exitCode: 0, errors: '' });
    expect((await cli('dump', path)).output).toBe(output);
  });
});
