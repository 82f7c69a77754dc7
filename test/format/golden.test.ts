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
import { checksumReady } from '../../src/bytes/checksum.ts';
import { FORMAT } from '../../src/snapshot/format.ts';
import { WAL_FORMAT_MAJOR, WAL_FORMAT_MINOR } from '../../src/wal/wal-header.ts';
import { CONTENTS } from './golden-contents.ts';
import { type GoldenStore, liveAll, readStore } from './golden-life.ts';

const DIRECTORY = fileURLToPath(new URL(`v${WAL_FORMAT_MAJOR}`, import.meta.url));
const SIZE_MAX = 300_000;

let lives: readonly GoldenStore[] = [];

beforeAll(async () => {
  await checksumReady;
  lives = await liveAll();
  if (process.env['GOLDEN'] === 'write') writeGolden();
});

describe('format version 1', () => {
  test('is the version of WALs and of snapshots', () => {
    expect([WAL_FORMAT_MAJOR, WAL_FORMAT_MINOR]).toEqual([1, 0]);
    expect(FORMAT).toEqual({
      major: 1,
      minor: 0,
      compatible: [],
      readOnlyCompatible: [],
      incompatible: [],
    });
  });

  test('has golden files of every store that lives here, and no others', () => {
    const named = lives.flatMap(({ name, files }) =>
      [...files.keys()].map((file) => `${name}/${file}`),
    );

    expect(goldenNames()).toEqual(named.sort());
    expect(lives.map(({ name }) => name).sort()).toEqual(Object.keys(CONTENTS).sort());
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

  test('keeps the report of a loss until it is acknowledged', async () => {
    const files = new Map(goldenFiles('loss'));
    files.delete('3.wal');

    const { info } = await readStore(files, { readOnly: true });

    expect(info.loss).toMatchObject({
      action: 'cut',
      firstLost: 2,
      lastSeen: 3,
      commitsLost: 2,
      damage: [{ file: '1.wal' }],
      quarantine: ['quarantine/2-1.wal-8480', 'quarantine/2-report.json'],
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

function readGolden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(DIRECTORY, name)));
}
