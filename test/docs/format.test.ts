/** docs/format.md against the code: the store that it prints, and every number that it states. */
import { beforeAll, describe, expect, test } from 'vitest';
import { toHex, utf8Encode } from '../../src/bytes/bytes.ts';
import { decodeCbor } from '../../src/bytes/cbor.ts';
import { checksum, checksumReady } from '../../src/bytes/checksum.ts';
import { FORMAT_VERSION } from '../../src/bytes/format-version.ts';
import { readFully, writeFully } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { BLOCK_SIZE_MAX, LEVEL_MAX } from '../../src/snapshot/block.ts';
import {
  MAP_COUNT_MAX as FOOTER_MAP_COUNT_MAX,
  FOOTER_SIZE_MAX,
} from '../../src/snapshot/footer.ts';
import { HEADER_SIZE, MAGIC } from '../../src/snapshot/format.ts';
import {
  GENERATION_MAX,
  headName,
  parseFileName,
  quarantineName,
  quarantineReportName,
  RESERVE_NAME,
  RESERVE_SIZE,
} from '../../src/store/file-names.ts';
import {
  COMMIT_SIZE_MAX,
  KEY_SIZE_MAX,
  MAP_COUNT_MAX,
  NAME_SIZE_MAX,
  VALUE_SIZE_MAX,
} from '../../src/store/limits.ts';
import { BufferedFile } from '../../src/wal/buffered-file.ts';
import {
  FRAME_BODY_SIZE_MAX,
  FRAME_HEADER_SIZE,
  FrameType,
  OPTIONAL_TYPE,
} from '../../src/wal/frame.ts';
import {
  decodeWalHeader,
  WAL_HEADER_COPY_SIZE,
  WAL_HEADER_SIZE,
  WAL_MAGIC,
} from '../../src/wal/wal-header.ts';
import { type Frame, scanWal } from '../../src/wal/wal-reader.ts';
import { EXAMPLE_COMMITS, EXAMPLE_HEADER, writeExampleWal } from './example-wal.ts';
import { page, tableRows } from './pages.ts';
import { FRAME_BLOCKS, printed, printedSnapshot, printedWal } from './printed-store.ts';

const PAGE = page('docs/format.md');

beforeAll(() => checksumReady);

describe('the WAL printed in docs/format.md', () => {
  test('has the header that the page describes', () => {
    const read = decodeWalHeader(printedWal());

    expect(read).toEqual({ kind: 'header', header: EXAMPLE_HEADER, damagedCopies: 0 });
  });

  test('has the fields of its header under the names of the page, and no others', () => {
    const copy = printed('wal-header');
    const size = new DataView(copy.buffer).getUint32(8, true);
    const fields = Object.keys(decodeCbor(copy.slice(12, 12 + size)) as object);

    const named = tableRows(PAGE, 'WAL header')
      .slice(1)
      .flatMap(([cell]) => namesIn(cell));

    expect(named.sort()).toEqual(fields.sort());
  });

  test('has the frames that the page describes', () => {
    const frames = framesOf(printedWal());

    const described = frames.map(({ offset, header, body }) => ({
      offset,
      type: header.type,
      bodySize: header.bodySize,
      sequence: header.sequence,
      durable: header.durable,
      isContinuation: header.isContinuation,
      body: decodeCbor(body),
    }));
    const commit = { type: FrameType.commit, isContinuation: false, durable: 5 };
    expect(described).toEqual([
      {
        ...commit,
        offset: 8192,
        bodySize: 41,
        sequence: 6,
        body: [
          [0, 1, utf8Encode('alice'), Uint8Array.of(9)],
          [3, 2, 'state', 'ordered', 'cbor'],
          [0, 2, utf8Encode('n'), Uint8Array.of(1)],
        ],
      },
      { ...commit, offset: 8336, bodySize: 8, sequence: 7, body: [[1, 1, utf8Encode('bob')]] },
      {
        offset: 8440,
        type: FrameType.sync,
        isContinuation: false,
        bodySize: 20,
        sequence: 7,
        durable: 7,
        body: { durable: 7, snapshot: 2 },
      },
      {
        offset: 8560,
        type: FrameType.end,
        isContinuation: false,
        bodySize: 24,
        sequence: 7,
        durable: 7,
        body: { bytes: 8560, frames: 3, last: 7 },
      },
    ]);
    expect(EXAMPLE_COMMITS).toHaveLength(2);
  });

  test('has the checksums that the page defines, worked out by its words alone', () => {
    const { key } = EXAMPLE_HEADER;
    let offset = 8192;
    let previous = new Uint8Array(32).fill(0xdd);
    for (const name of FRAME_BLOCKS) {
      const bytes = printed(name);
      const place = new Uint8Array(8);
      new DataView(place.buffer).setUint32(0, offset, true);
      const bodyEnd = 64 + new DataView(bytes.buffer).getUint32(4, true);
      const chain = bytes.slice(bodyEnd, bodyEnd + 32);

      expect(toHex(bytes.slice(0, 2)), name).toBe('57f3');
      expect(bytes.slice(24, 56), name).toEqual(previous);
      expect(bytes.slice(56, 64)).toEqual(checksum([place, bytes.slice(0, 56)], key).slice(0, 8));
      expect(chain, name).toEqual(checksum([place, bytes.slice(0, bodyEnd)], key));
      expect(bytes.slice(bodyEnd + 32).every((byte) => byte === 0)).toBe(true);
      expect(bytes.length % 8, name).toBe(0);
      offset += bytes.length;
      previous = chain;
    }
    expect(PAGE.text).toContain(`The file is ${offset.toLocaleString('en')} bytes long`);
  });

  test('is written byte for byte by the writer', async () => {
    const fs = new MemoryFileSystem();
    const file = await fs.open('3.wal', 'create');

    writeExampleWal(file);

    expect(toHex(readFully(file, 0, file.size()))).toBe(toHex(printedWal()));
  });

  test('is, with the snapshot, a store that holds what the page says', async () => {
    const fs = new MemoryFileSystem();
    writeFully(await fs.open('2.snap', 'create'), printedSnapshot(), 0);
    writeFully(await fs.open('3.wal', 'create'), printedWal(), 0);

    const store = await Store.open(fs, { recovery: 'strict' });

    const balances = store.map<string, Uint8Array>('balances');
    expect(store.info).toMatchObject({ sequence: 7, isNew: false });
    expect(PAGE.text).toContain(`\`${store.info.chain}\``);
    expect([...balances.getRange()]).toEqual([{ key: 'alice', value: Uint8Array.of(9) }]);
    expect(balances.getEntry('alice')?.sequence).toBe(6);
    expect([...store.map('state').getRange()]).toEqual([{ key: 'n', value: 1 }]);
    expect(store.stats().maps).toMatchObject({
      balances: { count: 1, bytesUsed: 6 },
      state: { count: 1, bytesUsed: 2 },
    });
    await store.close();
  });
});

describe('docs/format.md states', () => {
  test('the limits of the source', () => {
    const rows = tableRows(PAGE, 'Limits').slice(1);

    expect(rows.map(([, value]) => numberIn(value))).toEqual([
      KEY_SIZE_MAX,
      VALUE_SIZE_MAX,
      COMMIT_SIZE_MAX,
      MAP_COUNT_MAX,
      NAME_SIZE_MAX,
      FRAME_BODY_SIZE_MAX,
      BLOCK_SIZE_MAX,
      FOOTER_SIZE_MAX,
      LEVEL_MAX,
      GENERATION_MAX,
      2,
    ]);
    expect(FOOTER_MAP_COUNT_MAX).toBe(MAP_COUNT_MAX);
    expect(Number.MAX_SAFE_INTEGER).toBe(2 ** 53 - 1);
  });

  test('the magic numbers, sizes and versions of the source', () => {
    expect(PAGE.text).toContain(`magic := ${spaced(WAL_MAGIC)}`);
    expect(PAGE.text).toContain(`magic \`${spaced(MAGIC)}\``);
    expect([WAL_HEADER_COPY_SIZE, WAL_HEADER_SIZE, FRAME_HEADER_SIZE]).toEqual([4096, 8192, 64]);
    expect([HEADER_SIZE, RESERVE_SIZE]).toEqual([512, 65_536]);
    expect(PAGE.text).toContain(`\`reserve\` | ${RESERVE_SIZE.toLocaleString('en')} zeros`);
    const { major, minor, ...features } = FORMAT_VERSION;
    expect(PAGE.text).toContain(`# Format, version ${major}.${minor}`);
    expect(Object.values(features).flat()).toEqual([]);
  });

  test('the types of frames', () => {
    const [, , meaning] = tableRows(PAGE, 'Frames').find(([field]) => field === '`type`') ?? [];

    const { commit, part, sync } = FrameType;
    const types = `${commit} commit, ${part} part, ${sync} Sync, ${FrameType.switch} Switch, ${FrameType.end} End`;
    expect(meaning).toContain(types);
    expect(meaning).toContain(`0x${OPTIONAL_TYPE.toString(16)}`);
    expect(Object.keys(FrameType)).toHaveLength(5);
  });

  test('the names of files', () => {
    const names = tableRows(PAGE, 'Files')
      .slice(1)
      .flatMap(([cell]) => namesIn(cell));

    expect(names).toEqual([
      '<generation>.wal',
      '<generation>.snap',
      headName(0).replace('0', '<generation>'),
      RESERVE_NAME,
      quarantineName(0, { file: '<file>', offset: 0 })
        .replace('/0-', '/<generation>-')
        .replace(/0$/, '<offset>'),
      quarantineReportName(0).replace('/0-', '/<generation>-'),
      'lock',
    ]);
    expect(parseFileName('7.wal')).toEqual({ name: '7.wal', kind: 'wal', generation: 7 });
    for (const stranger of ['07.wal', '0.wal', '7.WAL', `${'1'.repeat(16)}.snap`, 'x7.wal']) {
      expect(parseFileName(stranger), stranger).toBeUndefined();
    }
  });
});

function framesOf(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  const fs = new MemoryFileSystem();
  const file = fs.open('3.wal', 'create');
  if (file instanceof Promise) throw new Error('this host answers at once');
  writeFully(file, bytes, 0);
  const scan = scanWal(new BufferedFile(file), EXAMPLE_HEADER, {
    onFrame: (frame) => frames.push({ ...frame, body: frame.body.slice() }),
  });
  expect(scan.break).toBeUndefined();
  return frames;
}

function namesIn(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
}

function numberIn(cell: string | undefined): number {
  return Number.parseInt((cell ?? '').replaceAll(',', ''), 10);
}

function spaced(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
}
