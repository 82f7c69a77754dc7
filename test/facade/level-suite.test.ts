/**
 * The official suite of abstract-level, whole: every test that a database with all of the optional
 * features has to pass. The totals are those that were there when it was written, so that a suite
 * that is silently cut short fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { OnewalLevel, type OnewalLevelOptions } from '../../src/facade/level.ts';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';

type Options = OnewalLevelOptions<string, string>;

/** A row of tape: a test begins, ends, or asserts something. */
interface Row {
  readonly type: 'test' | 'assert' | 'end';
  readonly name?: string;
  readonly id?: number;
  readonly test?: number;
  readonly ok?: boolean;
  readonly skip?: unknown;
  readonly todo?: unknown;
}

interface Harness {
  createStream(options: { objectMode: true }): NodeJS.EventEmitter;
}

const require = createRequire(import.meta.url);
const tape: { createHarness(): Harness } = require('tape');
const runSuite: (options: { test: Harness; factory(options?: Options): OnewalLevel }) => void =
  require('abstract-level/test');

const TEST_COUNT = 1509;
const ASSERTION_COUNT = 5168;

const root = mkdtempSync(join(tmpdir(), 'onewal-level-suite-'));
let count = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

const HOSTS: readonly (readonly [string, () => FileSystem])[] = [
  ['in memory', () => new MemoryFileSystem()],
  ['on the poorest host', () => new MemoryFileSystem({ host: 'poor', fileCountMax: 24 })],
  ['in a directory', () => new NodeFileSystem(join(root, String(count++)))],
];

test.each(HOSTS)(
  'the suite of abstract-level passes, whole, %s',
  async (_, makeFiles) => {
    const rows = await rowsOf((options) => new OnewalLevel(makeFiles(), options));

    const tests = rows.filter(({ type }) => type === 'test');
    const assertions = rows.filter(({ type }) => type === 'assert');
    expect(failuresIn(rows)).toEqual([]);
    expect(rows.filter(({ skip, todo }) => Boolean(skip ?? todo))).toEqual([]);
    expect(tests.length).toBeGreaterThanOrEqual(TEST_COUNT);
    expect(assertions.length).toBeGreaterThanOrEqual(ASSERTION_COUNT);
  },
  120_000,
);

function rowsOf(factory: (options?: Options) => OnewalLevel): Promise<Row[]> {
  const harness = tape.createHarness();
  const rows: Row[] = [];
  return new Promise((resolve) => {
    const stream = harness.createStream({ objectMode: true });
    stream.on('data', (row: Row) => rows.push(row));
    stream.on('end', () => resolve(rows));
    runSuite({ test: harness, factory });
  });
}

function failuresIn(rows: readonly Row[]): string[] {
  const names = new Map(rows.map(({ type, id, name }) => [type === 'test' ? id : undefined, name]));
  return rows
    .filter(({ type, ok }) => type === 'assert' && ok !== true)
    .map(({ test: id, name }) => `${names.get(id)}: ${name}`);
}
