/**
 * Files of each format version are kept for ever, in `v<major>`: today's code writes the newest of
 * them byte for byte, and opens all of them.
 *
 * New golden files belong to a new format version: raise the version in the source and in
 * docs/format.md, run `GOLDEN=write npx vitest run test/format`, and commit the new directory.
 * Files that are there are never written over.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { toHex } from '../../src/bytes/bytes.ts';
import { type CborValue, decodeCbor } from '../../src/bytes/cbor.ts';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { FORMAT_VERSION } from '../../src/bytes/format-version.ts';
import { writeFully } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { decodeHeader, HEADER_SIZE } from '../../src/snapshot/format.ts';
import { BufferedFile } from '../../src/wal/buffered-file.ts';
import { FrameType } from '../../src/wal/frame.ts';
import { decodeWalHeader } from '../../src/wal/wal-header.ts';
import { type Frame, scanWal } from '../../src/wal/wal-reader.ts';
import { CONTENTS } from './golden-contents.ts';
import { type GoldenStore, liveAll, readStore } from './golden-life.ts';

const DIRECTORY = fileURLToPath(new URL(`v${FORMAT_VERSION.major}`, import.meta.url));
const SIZE_MAX = 300_000;
const VERSION_1 = {
  major: 1,
  minor: 0,
  compatible: [],
  readOnlyCompatible: [],
  incompatible: [],
};

let lives: readonly GoldenStore[] = [];

beforeAll(async () => {
  await checksumReady;
  lives = await liveAll();
  if (process.env.GOLDEN === 'write') writeGolden();
});

describe('format version 1', () => {
  test('is what every golden WAL and snapshot says of itself', () => {
    const said = goldenNames()
      .filter((name) => /\.(wal|snap)$/.test(name))
      .map((name) => [name, formatOf(readGolden(name))] as const);

    for (const [name, format] of said) expect(format, name).toEqual(VERSION_1);
    expect(said.length).toBeGreaterThan(10);
    expect(FORMAT_VERSION).toEqual(VERSION_1);
  });

  test('has golden files of every store that lives here, and no others', () => {
    const named = lives.flatMap(({ name, files }) =>
      [...files.keys()].map((file) => `${name}/${file}`),
    );

    expect(goldenNames()).toEqual(named.sort());
    expect(lives.map(({ name }) => name).sort()).toEqual(Object.keys(CONTENTS).sort());
  });

  test('has golden files with every type of frame and every operation', () => {
    const frameTypes = new Set<number>();
    const operations = new Set<string>();
    for (const name of goldenNames().filter((file) => file.endsWith('.wal'))) {
      for (const { header, body } of framesOf(readGolden(name))) {
        frameTypes.add(header.type);
        if (header.type !== FrameType.commit && header.type !== FrameType.part) continue;
        for (const operation of decodeCbor(body) as CborValue[][])
          operations.add(String(operation[0]));
      }
    }

    expect([...frameTypes].sort()).toEqual(Object.values(FrameType).sort());
    expect([...operations].sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8']);
  });

  test('keeps its golden files small', () => {
    const size = goldenNames().reduce((sum, name) => sum + readGolden(name).length, 0);

    expect(size).toBeLessThan(SIZE_MAX);
  });

  test.each(Object.keys(CONTENTS))("is written byte for byte by today's code: %s", (name) => {
    const live = lives.find((store) => store.name === name);

    for (const [file, bytes] of live?.files ?? []) {
      expect(toHex(bytes), `${name}/${file}`).toBe(toHex(readGolden(`${name}/${file}`)));
    }
    expect(live?.files.size).toBeGreaterThan(0);
  });

  test.each(Object.entries(CONTENTS))("is opened by today's code: %s", async (name, content) => {
    const files = goldenFiles(name);

    const written = await readStore(files);
    const inspected = await readStore(files, { recovery: 'inspect' });

    expect(written.content).toEqual(content);
    expect(inspected.content).toEqual(content);
    expect(written.info.loss).toBeUndefined();
  });

  test('keeps the tokens of commits, out of a snapshot and out of the WAL behind it', async () => {
    const fs = new MemoryFileSystem();
    for (const [name, bytes] of goldenFiles('tokens')) {
      const file = fs.open(name, 'create');
      if (file instanceof Promise) throw new Error('this host answers at once');
      writeFully(file, bytes, 0);
    }
    const store = await Store.open(fs, { readOnly: true });

    const tokens = ['first', Uint8Array.of(0, 255), 'third', 'fourth'];
    expect(tokens.map((token) => store.outcomeOf(token))).toEqual([
      ...['committed', 'committed', 'committed'],
      'absent',
    ]);
    await store.close();
  });

  test('keeps the report of a loss until it is acknowledged', async () => {
    const files = new Map(goldenFiles('loss'));
    files.delete('3.wal');
    files.delete('3.head');

    const { info } = await readStore(files, { readOnly: true });

    expect(info.loss).toMatchObject({
      action: 'cut',
      firstLost: 2,
      lastSeen: 3,
      commitsLost: 2,
      damage: [{ file: '1.wal' }],
      quarantine: ['quarantine/2-1.wal-8488', 'quarantine/2-report.json'],
    });
  });
});

function writeGolden(): void {
  for (const { name, files } of lives) {
    for (const [file, bytes] of files) {
      const path = join(DIRECTORY, name, file);
      if (existsSync(path)) continue;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
  }
}

function goldenNames(): string[] {
  const entries = readdirSync(DIRECTORY, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(DIRECTORY, join(entry.parentPath, entry.name)))
    .sort();
}

function goldenFiles(name: string): ReadonlyMap<string, Uint8Array> {
  const own = goldenNames().filter((file) => file.startsWith(`${name}/`));
  return new Map(own.map((file) => [file.slice(name.length + 1), readGolden(file)]));
}

function framesOf(bytes: Uint8Array): Frame[] {
  const fs = new MemoryFileSystem();
  const file = fs.open('1.wal', 'create');
  if (file instanceof Promise) throw new Error('this host answers at once');
  writeFully(file, bytes, 0);
  const read = decodeWalHeader(bytes);
  if (read.kind !== 'header') throw new Error('the header of a golden WAL is sound');
  const frames: Frame[] = [];
  const onFrame = (frame: Frame) => frames.push({ ...frame, body: frame.body.slice() });
  scanWal(new BufferedFile(file), read.header, { onFrame });
  return frames;
}

function formatOf(bytes: Uint8Array): unknown {
  const wal = decodeWalHeader(bytes);
  if (wal.kind === 'header') return wal.header.format;
  const snapshot = decodeHeader(bytes.subarray(0, HEADER_SIZE));
  return snapshot.state === 'valid' ? snapshot.header.format : undefined;
}

function readGolden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(DIRECTORY, name)));
}
