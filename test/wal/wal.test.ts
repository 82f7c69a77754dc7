import { beforeEach, describe, expect, test } from 'vitest';
import { encodeCbor } from '../../src/bytes/cbor.ts';
import { checksum } from '../../src/bytes/checksum.ts';
import { FORMAT_VERSION } from '../../src/bytes/format-version.ts';
import type { File } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { runSync } from '../../src/fs/task.ts';
import { BufferedFile } from '../../src/wal/buffered-file.ts';
import {
  FRAME_BODY_SIZE_MAX,
  FRAME_HEADER_SIZE,
  FrameType,
  frameSize,
  openFrameHeader,
  sealFrame,
  verifyFrame,
} from '../../src/wal/frame.ts';
import { commitBody, encodeEnd, encodeSync } from '../../src/wal/record.ts';
import {
  decodeWalHeader,
  encodeWalHeader,
  GENESIS_CHAIN,
  WAL_HEADER_COPY_SIZE,
  WAL_HEADER_SIZE,
  type WalHeader,
} from '../../src/wal/wal-header.ts';
import { scanWal } from '../../src/wal/wal-reader.ts';
import { WalWriter } from '../../src/wal/wal-writer.ts';

const KEY = new Uint8Array(32).fill(3);
const HEADER: WalHeader = {
  format: FORMAT_VERSION,
  store: new Uint8Array(16).fill(1),
  generation: 4,
  key: KEY,
  predecessor: undefined,
  snapshot: undefined,
  publishedAt: 0,
  publishedChain: GENESIS_CHAIN,
  loss: null,
};

const NOTHING = { durable: 0, snapshot: undefined };

describe('a frame', () => {
  const header = {
    type: FrameType.commit,
    isContinuation: false,
    sequence: 7,
    durable: 6,
    previous: new Uint8Array(32).fill(9),
  };
  const body = new Uint8Array([1, 2, 3, 4, 5]);
  const place = { offset: 8192, key: KEY };
  const frame = new Uint8Array(frameSize(body.length));
  sealFrame(frame, { header, body }, place);

  test('reads back as it was sealed', () => {
    const read = openFrameHeader(frame, place);

    expect(read).toEqual({ ...header, bodySize: 5 });
    expect(read && verifyFrame(frame, read, place)).toHaveLength(32);
    expect(frame.length % 8).toBe(0);
  });

  test('is not taken with any single bit flipped, padding included', () => {
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = frame.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      const read = openFrameHeader(damaged, place);
      const isTaken =
        read !== undefined &&
        frameSize(read.bodySize) === frame.length &&
        verifyFrame(damaged, read, place) !== undefined;

      expect(isTaken, `bit ${bit}`).toBe(false);
    }
  });

  test('is not believed in its length with any single bit of its header flipped', () => {
    for (let bit = 0; bit < FRAME_HEADER_SIZE * 8; bit++) {
      const damaged = frame.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));

      expect(openFrameHeader(damaged, place), `bit ${bit}`).toBeUndefined();
    }
  });

  test('carries numbers beyond 32 bits, up to the largest', () => {
    const large = { ...header, sequence: Number.MAX_SAFE_INTEGER, durable: 2 ** 33 };
    const sealed = new Uint8Array(frameSize(body.length));
    sealFrame(sealed, { header: large, body }, place);
    const view = new DataView(sealed.buffer);

    expect(openFrameHeader(sealed, place)).toEqual({ ...large, bodySize: 5 });
    expect(view.getBigUint64(8, true)).toBe(BigInt(Number.MAX_SAFE_INTEGER));
    expect(view.getBigUint64(16, true)).toBe(2n ** 33n);
  });

  test.each<[string, (view: DataView) => void]>([
    ['with flags that no writer sets', (view) => view.setUint8(3, 2)],
    ['with an id above what a number holds', (view) => view.setUint32(12, 1 << 21, true)],
    ['with a watermark above what a number holds', (view) => view.setUint32(20, 1 << 21, true)],
    ['with a body above the limit', (view) => view.setUint32(4, FRAME_BODY_SIZE_MAX + 1, true)],
  ])('is not taken %s, under a right checksum', (_, change) => {
    const crafted = frame.slice();
    const view = new DataView(crafted.buffer);
    change(view);
    const offset = new Uint8Array(8);
    new DataView(offset.buffer).setUint32(0, place.offset, true);
    crafted.set(checksum([offset, crafted.subarray(0, 56)], KEY).subarray(0, 8), 56);

    expect(openFrameHeader(crafted, place)).toBeUndefined();
    view.setUint8(3, 0);
    for (const at of [12, 20]) view.setUint32(at, 0, true);
    view.setUint32(4, FRAME_BODY_SIZE_MAX, true);
    crafted.set(checksum([offset, crafted.subarray(0, 56)], KEY).subarray(0, 8), 56);
    expect(openFrameHeader(crafted, place)).toMatchObject({ bodySize: FRAME_BODY_SIZE_MAX });
  });

  test('is not taken at another offset or in another generation', () => {
    expect(openFrameHeader(frame, { ...place, offset: 8200 })).toBeUndefined();
    expect(openFrameHeader(frame, { ...place, key: new Uint8Array(32) })).toBeUndefined();
  });
});

describe('a WAL header', () => {
  test('survives the loss of either copy, and is damaged without both', () => {
    const bytes = encodeWalHeader(HEADER);
    for (const start of [0, WAL_HEADER_COPY_SIZE]) {
      const rotten = bytes.slice().fill(0xaa, start, start + WAL_HEADER_COPY_SIZE);
      expect(decodeWalHeader(rotten)).toEqual({ kind: 'header', header: HEADER, damagedCopies: 1 });
    }
    expect(decodeWalHeader(bytes.slice().fill(0))).toMatchObject({ kind: 'damaged' });
    expect(decodeWalHeader(bytes.subarray(0, 4000))).toMatchObject({ kind: 'damaged' });
  });

  test('of a newer format is recognised, not called damaged', () => {
    const bytes = encodeWalHeader({
      ...HEADER,
      format: { ...FORMAT_VERSION, incompatible: ['x'] },
    });

    expect(decodeWalHeader(bytes)).toEqual({ kind: 'newer', format: 'WAL 1.0 with x' });
  });

  test('under another magic number is none, though its checksum is right', () => {
    const bytes = encodeWalHeader(HEADER);
    bytes[0] = 0x88;
    const size = new DataView(bytes.buffer).getUint32(8, true);
    bytes.set(checksum([bytes.subarray(0, 12 + size)]), 12 + size);
    bytes.copyWithin(WAL_HEADER_COPY_SIZE, 0, WAL_HEADER_COPY_SIZE);

    expect(decodeWalHeader(bytes)).toMatchObject({ kind: 'damaged' });
  });

  test('with any single bit of both copies flipped alike is never another header', () => {
    const bytes = encodeWalHeader(HEADER);
    for (let at = 0; at < 700; at++) {
      const damaged = bytes.slice();
      for (const start of [0, WAL_HEADER_COPY_SIZE])
        damaged[start + at] = (damaged[start + at] as number) ^ 4;

      expect(decodeWalHeader(damaged).kind, `byte ${at}`).toBe('damaged');
    }
  });
});

describe('a WAL', () => {
  let file: File;
  let writer: WalWriter;

  beforeEach(() => {
    file = new MemoryFileSystem().open('4.wal', 'create') as File;
    file.write(encodeWalHeader(HEADER), 0);
    writer = new WalWriter(file, HEADER);
  });

  const body = (text: string) =>
    commitBody(encodeCbor([0, 1, new Uint8Array([1]), new TextEncoder().encode(text)]), 1);

  function write(...commits: string[][]): void {
    for (const parts of commits) {
      writer.stage({ sequence: writer.tip.sequence + 1, bodies: parts.map(body) });
      writer.writeStaged();
    }
  }

  function scan(endOffset?: number) {
    const commits: number[] = [];
    const result = scanWal(new BufferedFile(file), HEADER, {
      ...(endOffset === undefined ? {} : { endOffset }),
      onCommit: ({ sequence, bodies }) => commits.push(sequence * 100 + bodies.length),
    });
    return { ...result, commits };
  }

  test('gives back whole commits, in order, of one part or several', () => {
    write(['a'], ['b', 'c', 'd'], ['e']);

    const found = scan();

    expect(found.commits).toEqual([101, 203, 301]);
    expect(found).toMatchObject({ break: undefined, frameCount: 5, end: undefined });
    expect(found.tip).toEqual(writer.tip);
  });

  test('cut anywhere gives back the commits before the cut, and never a part of one', () => {
    write(['a'], ['b', 'c', 'd'], ['e']);
    const bytes = new Uint8Array(file.size());
    file.read(bytes, 0);
    const ends = [0, 0, 0].map((_, i) => scanEnd(bytes, i + 1));
    for (let size = WAL_HEADER_SIZE; size < bytes.length; size++) {
      file.truncate(WAL_HEADER_SIZE);
      file.write(bytes.subarray(WAL_HEADER_SIZE, size), WAL_HEADER_SIZE);

      expect(scan().commits.length, `cut at ${size}`).toBe(
        ends.filter((end) => end <= size).length,
      );
    }
  });

  function scanEnd(bytes: Uint8Array, sequence: number): number {
    let end = 0;
    const whole = new MemoryFileSystem().open('x', 'create') as File;
    whole.write(bytes, 0);
    scanWal(new BufferedFile(whole), HEADER, {
      onCommit: (commit, position) => {
        if (commit.sequence === sequence) end = position.offset;
      },
    });
    return end;
  }

  test('tells how far it is durable: by later frames, by a Sync record, by End', () => {
    write(['a'], ['b']);
    expect(scan().durable.sequence).toBe(0);
    const afterB = writer.tip;
    runSync(writer.syncUpTo(writer.tip, () => undefined));
    writer.writeSync(4);
    expect(scan()).toMatchObject({ watermark: 2, namedSnapshot: 4 });
    expect(scan().durable).toEqual(afterB);
    write(['c']);
    expect(scan().durable.sequence).toBe(2);
    runSync(writer.syncUpTo(writer.tip, () => undefined));
    writer.stageEnd(9);
    writer.writeStaged();
    expect(scan()).toMatchObject({ switchedTo: 9, end: { frames: 5, last: 3 } });
    expect(scan().durable.sequence).toBe(3);
  });

  test('ends behind the last frame that counts: that is a Sync record, and no part of an open commit', () => {
    write(['a']);
    runSync(writer.syncUpTo(writer.tip, () => undefined));
    writer.writeSync(4);
    const counted = writer.tip;
    expect(scan().tip).toEqual(counted);

    write(['b', 'c', 'd']);
    file.truncate(file.size() - 1);

    const found = scan();
    expect(found.tip).toEqual(counted);
    expect(found.frameCount).toBe(4);
    expect(found.break).toMatchObject({
      isHeaderSound: true,
      isBodySound: false,
      isChained: false,
      isNewerType: false,
    });
  });

  test('that was discarded before it was written leaves no trace, in the file or in the chain', () => {
    write(['a']);
    const { commitChain, tip } = writer;
    writer.stage({ sequence: 2, bodies: [body('never')] });
    writer.discardStaged();
    writer.writeSync(undefined);

    expect(writer.commitChain).toEqual(commitChain);
    expect(writer.tip.sequence).toBe(1);
    expect(writer.unsynced).toHaveLength(1);
    expect(writer.tip.offset).toBeGreaterThan(tip.offset);
    write(['b']);
    expect(scan()).toMatchObject({ commits: [101, 201], tip: writer.tip, break: undefined });
  });

  test('is durable as far as the last sync that succeeded began, and counts what is not', () => {
    write(['a']);
    const afterA = writer.tip;
    write(['b']);
    const afterB = writer.tip;
    const sizes = [body('a').length, body('b').length];
    expect(writer.unsyncedSize).toBe(sizes[0]! + sizes[1]!);

    runSync(writer.syncUpTo(afterA, () => undefined));
    expect([writer.durable, writer.unsyncedSize]).toEqual([afterA, sizes[1]]);

    runSync(writer.syncUpTo(afterB, () => undefined));
    runSync(writer.syncUpTo(afterA, () => undefined)); // Begun first, ended last.
    expect([writer.durable, writer.unsyncedSize]).toEqual([afterB, 0]);
    expect(writer.unsynced).toEqual([]);

    writer.writeSync(4);
    expect([writer.markedSequence, writer.namedSnapshot]).toEqual([2, 4]);
  });

  test('that cannot be cut back is never written again', () => {
    write(['a']);
    const { tip } = writer;
    file.truncate = () => {
      throw new Error('no cut');
    };

    expect(() => writer.cut()).toThrow('no cut');

    expect(writer.isPoisoned).toBe(true);
    expect(() => write(['b'])).toThrow('never written');
    expect(writer.tip).toEqual(tip);
  });

  // The sector with an old head may stay while those behind it are written anew.
  test('shows what verifies within a frame that does not', () => {
    write(['x'.repeat(1000)]);
    const offset = WAL_HEADER_SIZE + 512;
    const frame = new Uint8Array(frameSize(1));
    const header = {
      ...{ type: FrameType.sync, isContinuation: false, sequence: 1, durable: 1 },
      previous: GENESIS_CHAIN,
    };
    sealFrame(frame, { header, body: new Uint8Array(1) }, { offset, key: KEY });
    file.write(frame, offset);

    const found = scan();

    expect(found.break?.laterFrames.map((later) => later.offset)).toEqual([offset]);
    expect(found.watermark).toBe(1);
  });

  test('does not take a Sync record within a commit, whatever it says it is', () => {
    write(['a']);
    const frames = [
      { type: FrameType.part, sequence: 2, isContinuation: false, body: body('b') },
      { type: FrameType.sync, sequence: 1, isContinuation: true, body: encodeSync(NOTHING) },
      { type: FrameType.commit, sequence: 2, isContinuation: true, body: body('c') },
    ];
    let { offset, chain } = writer.tip;
    const refused = offset + frameSize(body('b').length);
    for (const { body: content, ...header } of frames) {
      const frame = new Uint8Array(frameSize(content.length));
      const whole = { header: { ...header, durable: 0, previous: chain }, body: content };
      chain = sealFrame(frame, whole, { offset, key: KEY });
      file.write(frame, offset);
      offset += frame.length;
    }

    const found = scan();

    expect(found.commits).toEqual([101]);
    expect(found.break).toMatchObject({ offset: refused, isBodySound: true, isChained: true });
  });

  test('of which nothing can be read at a place claims nothing of what stands there', () => {
    write(['a'], ['b']);
    const { offset } = writer.tip;
    file.write(new Uint8Array(80).fill(7), offset);

    expect(scan().break).toMatchObject({
      offset,
      isHeaderSound: false,
      isBodySound: false,
      isChained: false,
      isNewerType: false,
      isZeroToEnd: false,
      laterFrames: [],
    });
  });

  test('shows every witness behind a break', () => {
    write(['a'], ['b'], ['c']);
    runSync(writer.syncUpTo(writer.tip, () => undefined));
    writer.writeSync(4);
    const bytes = new Uint8Array(file.size());
    file.read(bytes, 0);
    bytes[WAL_HEADER_SIZE + 70] = (bytes[WAL_HEADER_SIZE + 70] as number) ^ 1;
    file.truncate(0);
    file.write(bytes, 0);

    const found = scan();

    expect(found.commits).toEqual([]);
    expect(found.watermark).toBe(3);
    expect(found.break).toMatchObject({
      isHeaderSound: true,
      isBodySound: false,
      isZeroToEnd: false,
    });
    expect(found.break?.laterFrames.map((frame) => frame.header.sequence)).toEqual([2, 3, 3]);
  });

  test('does not take a sound frame that continues another history', () => {
    write(['a']);
    const { offset } = writer.tip;
    const frame = new Uint8Array(frameSize(3));
    const content = {
      header: {
        type: FrameType.commit,
        isContinuation: false,
        sequence: 2,
        durable: 0,
        previous: checksum([]),
      },
      body: new Uint8Array([0x80, 0, 0]),
    };
    sealFrame(frame, content, { offset, key: KEY });
    file.write(frame, offset);

    expect(scan().break).toMatchObject({
      isHeaderSound: true,
      isBodySound: true,
      isChained: false,
    });
  });

  test('does not take a skipped id, a part that is not closed, or a false End', () => {
    const cases: { type: number; sequence: number; isContinuation: boolean; body: Uint8Array }[] = [
      { type: FrameType.commit, sequence: 3, isContinuation: false, body: body('x') },
      { type: FrameType.commit, sequence: 2, isContinuation: true, body: body('x') },
      {
        type: FrameType.sync,
        sequence: 1,
        isContinuation: false,
        body: encodeCbor({ durable: 5 }),
      },
      {
        type: FrameType.end,
        sequence: 1,
        isContinuation: false,
        body: encodeCbor({ bytes: 1, frames: 1, last: 1 }),
      },
      { type: 99, sequence: 1, isContinuation: false, body: new Uint8Array() },
    ];
    write(['a']);
    const { offset, chain } = writer.tip;
    for (const { body: content, ...header } of cases) {
      const frame = new Uint8Array(frameSize(content.length));
      sealFrame(
        frame,
        { header: { ...header, durable: 0, previous: chain }, body: content },
        { offset, key: KEY },
      );
      file.truncate(offset);
      file.write(frame, offset);

      const found = scan();

      expect(found.break, `type ${header.type}`).toMatchObject({
        isBodySound: true,
        isChained: true,
      });
      expect(found.break?.isNewerType).toBe(header.type === 99);
      expect(found.commits).toEqual([101]);
    }
  });

  /** Writes a sound frame behind the last one. */
  function forge(type: number, content: Uint8Array): void {
    const { offset, chain, sequence } = writer.tip;
    const frame = new Uint8Array(frameSize(content.length));
    const header = { type, isContinuation: false, sequence, durable: 0, previous: chain };
    sealFrame(frame, { header, body: content }, { offset, key: KEY });
    file.truncate(offset);
    file.write(frame, offset);
  }

  test('does not take an End record that is false in one point', () => {
    write(['a'], ['b']);
    const end = { bytes: writer.tip.offset, frames: 2, last: 2 };
    forge(FrameType.end, encodeEnd(end));
    expect(scan()).toMatchObject({ end, break: undefined });

    for (const [point, value] of Object.entries(end)) {
      forge(FrameType.end, encodeEnd({ ...end, [point]: value + 1 }));

      expect(scan().end, point).toBeUndefined();
      expect(scan().break, point).toMatchObject({ isBodySound: true, isChained: true });
    }
  });

  test('does not take bytes behind an End record, but zeros', () => {
    write(['a']);
    writer.stageEnd(undefined);
    writer.writeStaged();
    const { offset } = writer.tip;

    file.write(new Uint8Array(64), offset);
    expect(scan().break).toBeUndefined();
    file.write(new Uint8Array([1]), offset + 64);
    expect(scan().break).toMatchObject({ offset, isZeroToEnd: false });
  });

  test('goes as far as its successor says, and no frame passes that', () => {
    write(['a'], ['b']);
    const { offset } = writer.tip;
    write(['c']);

    expect(scan(offset)).toMatchObject({ commits: [101, 201], break: undefined });
    expect(scan(offset + 8)).toMatchObject({ commits: [101, 201], break: { isChained: true } });
  });
});

test('a file of heads that each claim half of it is looked through in bounded work', async () => {
  const [size, step] = [1 << 20, 4096];
  const body = new Uint8Array(size / 2);
  const bytes = new Uint8Array(WAL_HEADER_SIZE + size);
  bytes.set(encodeWalHeader(HEADER));
  const header = {
    ...{ type: FrameType.commit, isContinuation: false, sequence: 1, durable: 0 },
    previous: GENESIS_CHAIN,
  };
  for (let offset = WAL_HEADER_SIZE; offset < bytes.length - 2 * step; offset += step) {
    const frame = new Uint8Array(frameSize(body.length));
    sealFrame(frame, { header, body }, { offset, key: KEY });
    bytes.set(frame.subarray(0, 64), offset);
  }
  const file = await new MemoryFileSystem().open('1.wal', 'create');
  file.write(bytes, 0);
  let readCount = 0;
  const counted: File = {
    read: (target, offset) => {
      const count = file.read(target, offset);
      readCount += count;
      return count;
    },
    size: () => file.size(),
    ...{ write: () => 0, truncate: () => undefined, sync: async () => undefined },
    close: () => file.close(),
  };

  const found = scanWal(new BufferedFile(counted), HEADER);

  expect(found.break).toMatchObject({ offset: WAL_HEADER_SIZE, isHeaderSound: true });
  expect(found.break?.laterFrames).toEqual([]);
  expect(readCount).toBeLessThan(20 * bytes.length);
});
