/**
 * What docs/format.md says of files that nobody writes: forged, of other versions, of which one is
 * missing. Each case is the printed snapshot with a WAL behind it that is sound but for one thing.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { concatBytes } from '../../src/bytes/bytes.ts';
import { type CborValue, encodeCbor } from '../../src/bytes/cbor.ts';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { FORMAT_VERSION, type FormatVersion } from '../../src/bytes/format-version.ts';
import { writeFully } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { OnewalError, Store, type StoreOptions } from '../../src/index.ts';
import {
  KEY_SIZE_MAX,
  MAP_COUNT_MAX,
  NAME_SIZE_MAX,
  VALUE_SIZE_MAX,
} from '../../src/store/limits.ts';
import { FrameType, frameSize, sealFrame } from '../../src/wal/frame.ts';
import { encodeWalHeader, WAL_HEADER_SIZE, type WalHeader } from '../../src/wal/wal-header.ts';
import { EXAMPLE_HEADER } from './example-wal.ts';
import { printedSnapshot } from './printed-store.ts';

/** The last commit of the snapshot, which the WAL continues. */
const BASE = 5;

interface ForgedFrame {
  readonly type: number;
  readonly sequence: number;
  readonly durable: number;
  readonly body: CborValue;
}

beforeAll(() => checksumReady);

describe('a feature that is not known', () => {
  const cases: readonly [string, Partial<FormatVersion>, string, string][] = [
    ['is passed over in compatible', { compatible: ['x'] }, 'opened', 'opened'],
    ['may come with a higher minor version', { minor: 7 }, 'opened', 'opened'],
    [
      'forbids writing in readOnlyCompatible',
      { readOnlyCompatible: ['x'] },
      'FORMAT_TOO_NEW',
      'opened',
    ],
    [
      'forbids reading in incompatible',
      { incompatible: ['x'] },
      'FORMAT_TOO_NEW',
      'FORMAT_TOO_NEW',
    ],
    ['may be a higher major version', { major: 2 }, 'FORMAT_TOO_NEW', 'FORMAT_TOO_NEW'],
  ];

  test.each(cases)('%s', async (_, features, writing, reading) => {
    const files = forge([], { format: { ...FORMAT_VERSION, ...features } });

    const answers = [await answerOf(files), await answerOf(files, { readOnly: true })];

    expect(answers).toEqual([writing, reading]);
  });
});

describe('a frame that is sound and means nothing', () => {
  test('is a Sync record that names another watermark than its frame', async () => {
    const agreeing = forge([sync(BASE, { durable: BASE })]);
    const forged = forge([sync(BASE, { durable: BASE - 1 })]);

    expect([await answerOf(agreeing), await answerOf(forged)]).toEqual(['opened', 'CORRUPT']);
  });

  const put = (keySize: number, valueSize: number): CborValue => [
    [0, 1, new Uint8Array(keySize).fill(0x61), new Uint8Array(valueSize)],
  ];
  const define = (name: string): CborValue => [[3, 2, name, 'utf8', 'binary']];
  const defineMany = (count: number): CborValue =>
    Array.from({ length: count }, (_, i) => [3, 2 + i, `map ${i}`, 'utf8', 'binary']);
  const limits: readonly [string, CborValue, CborValue][] = [
    ['a key', put(KEY_SIZE_MAX, 1), put(KEY_SIZE_MAX + 1, 1)],
    ['a value', put(1, VALUE_SIZE_MAX), put(1, VALUE_SIZE_MAX + 1)],
    ['a name', define('n'.repeat(NAME_SIZE_MAX)), define('n'.repeat(NAME_SIZE_MAX + 1))],
    ['the number of maps', defineMany(MAP_COUNT_MAX - 1), defineMany(MAP_COUNT_MAX)],
  ];

  test('is a commit that defines a map without a name or encodings', async () => {
    for (const names of [
      ['', 'utf8', 'binary'],
      ['n', '', 'binary'],
      ['n', 'utf8', ''],
    ]) {
      expect(await answerOf(forge([commit([[3, 2, ...names]])]))).toBe('CORRUPT');
    }
  });

  test.each(limits)('is a commit with %s above the limit', async (_, largest, tooLarge) => {
    expect(await answerOf(forge([commit(largest)]))).toBe('opened');
    expect(await answerOf(forge([commit(tooLarge)]))).toBe('CORRUPT');
  });
});

test('a commit of which one operation means nothing is left out whole', async () => {
  const half: CborValue = [
    [0, 1, new TextEncoder().encode('half'), new Uint8Array(1)],
    [0, 99, new TextEncoder().encode('k'), new Uint8Array(1)],
  ];

  const store = await Store.open(forge([commit(half)]), { recovery: 'inspect' });

  expect(store.info.sequence).toBe(BASE);
  expect([...store.map('balances', { key: 'utf8', value: 'binary' }).getKeys()]).toEqual([
    'alice',
    'bob',
  ]);
  await store.close();
});

test('a loss report that cannot be read counts as none', async () => {
  for (const loss of [1, 'x', [], {}, { id: 'an id alone' }] as CborValue[]) {
    const store = await Store.open(forge([], { loss }));

    expect(store.info.loss).toBeUndefined();
    await store.close();
  }
});

describe('a Switch record', () => {
  const switchTo = (next: number): ForgedFrame => ({
    type: FrameType.switch,
    sequence: BASE,
    durable: BASE,
    body: { next },
  });

  test('makes it a gap if no WAL of its generation or a higher one counts', async () => {
    expect(await answerOf(forge([switchTo(4)]))).toBe('MISSING_FILE');
    expect(await answerOf(forge([switchTo(EXAMPLE_HEADER.generation)]))).toBe('opened');
  });

  test('does not mind that the WAL is there', async () => {
    const files = forge([switchTo(4)]);
    const header: WalHeader = {
      ...EXAMPLE_HEADER,
      generation: 4,
      predecessor: {
        generation: EXAMPLE_HEADER.generation,
        offset: WAL_HEADER_SIZE,
        sequence: BASE,
        chain: EXAMPLE_HEADER.predecessor?.chain as Uint8Array,
      },
    };
    writeFile(files, '4.wal', encodeWalHeader(header));

    expect(await answerOf(files)).toBe('opened');
  });
});

function sync(durable: number, body: CborValue): ForgedFrame {
  return { type: FrameType.sync, sequence: BASE, durable, body };
}

function commit(body: CborValue): ForgedFrame {
  return { type: FrameType.commit, sequence: BASE + 1, durable: BASE, body };
}

/** The printed snapshot, and behind it a WAL of these frames. */
function forge(frames: readonly ForgedFrame[], header: Partial<WalHeader> = {}): MemoryFileSystem {
  const whole = { ...EXAMPLE_HEADER, ...header };
  const bytes = [encodeWalHeader(whole)];
  let offset = WAL_HEADER_SIZE;
  let previous = EXAMPLE_HEADER.predecessor?.chain as Uint8Array;
  for (const { body, ...fields } of frames) {
    const encoded = encodeCbor(body);
    const frame = new Uint8Array(frameSize(encoded.length));
    previous = sealFrame(
      frame,
      { header: { ...fields, isContinuation: false, previous }, body: encoded },
      { offset, key: whole.key },
    );
    bytes.push(frame);
    offset += frame.length;
  }
  const files = new MemoryFileSystem();
  writeFile(files, '2.snap', printedSnapshot());
  writeFile(files, '3.wal', concatBytes(bytes));
  return files;
}

/** `opened`, or the code of the error. */
async function answerOf(files: MemoryFileSystem, options?: StoreOptions): Promise<string> {
  try {
    await (await Store.open(files, options)).close();
    return 'opened';
  } catch (error) {
    if (error instanceof OnewalError) return error.code;
    throw error;
  }
}

function writeFile(files: MemoryFileSystem, name: string, bytes: Uint8Array): void {
  const file = files.open(name, 'create');
  if (file instanceof Promise) throw new Error('this host answers at once');
  writeFully(file, bytes, 0);
  file.close();
}
