import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { concatBytes, fromHex, utf8Encode } from '../../src/bytes/bytes.ts';
import { buildFilter, hashKey } from '../../src/snapshot/filter.ts';
import { HEADER_SIZE } from '../../src/snapshot/format.ts';
import { examplePlan } from './example.ts';
import { collect, damageOf, readerOf, writePlan } from './support.ts';

const PAGE = readFileSync(new URL('../../docs/format.md', import.meta.url), 'utf8');

/** The bytes printed in the block of the page that is marked `name`. */
function printed(name: string): Uint8Array {
  const text = new RegExp(`\`\`\`${name}\n([^\`]*)\`\`\``).exec(PAGE)?.[1];
  const bytes = fromHex(text?.replace(/\s/g, '') ?? '');
  if (text === undefined || bytes === undefined) throw new Error(`no bytes for ${name}`);
  return bytes;
}

function printedFile(): Uint8Array {
  const header = new Uint8Array(HEADER_SIZE);
  header.set(printed('header'));
  return concatBytes([header, printed('entries'), printed('sequences'), printed('footer')]);
}

test('the file printed in the documentation reads as it says', () => {
  const file = printedFile();

  expect(damageOf(file)).toEqual([]);
  const cursor = readerOf(file).cursor(1);
  cursor?.toFirst();
  expect(cursor && collect(cursor, 'next')).toEqual([
    { key: utf8Encode('alice'), value: Uint8Array.of(0x07), sequence: 5 },
    { key: utf8Encode('bob'), value: Uint8Array.of(0x18, 0x2a), sequence: 3 },
  ]);
});

test('the writer writes the file printed in the documentation', () => {
  expect(writePlan(examplePlan())).toEqual(printedFile());
});

test('the filter printed in the documentation is that of its two keys', () => {
  const hashes = ['alice', 'bob'].map((key) => hashKey(utf8Encode(key), 0, key.length));

  expect(buildFilter(Uint32Array.from(hashes))).toEqual(printed('filter'));
  for (const hash of hashes) {
    expect(PAGE).toContain(`0x${hash.toString(16).toUpperCase().padStart(8, '0')}`);
  }
});
