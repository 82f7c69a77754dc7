/** Calls of the command line within the test's process, and stores for it to look at. */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import type { KeyCodec } from '../../src/codec/key-codec.ts';
import { Store, type StoreMap } from '../../src/index-node.ts';

export interface Answer {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A path in a fresh directory, at which nothing is yet. */
export function newPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-cli-'));
  directories.push(directory);
  return join(directory, 'store');
}

export function cli(...words: string[]): Promise<Answer> {
  return cliWith('', ...words);
}

export async function cliWith(input: string, ...words: string[]): Promise<Answer> {
  const output = new Collector();
  const errors = new Collector();
  const bytes = input === '' ? [] : [Buffer.from(input)];
  const exitCode = await runCli(words, { input: Readable.from(bytes), output, errors });
  return { exitCode, output: output.text, errors: errors.text };
}

export class Collector extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor({ isTTY = false } = {}) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: unknown, _encoding: unknown, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

const OWN_KEYS: KeyCodec<string> = {
  name: 'reversed',
  encode: (key) => new TextEncoder().encode([...key].reverse().join('')),
  decode: (bytes) => [...new TextDecoder().decode(bytes)].reverse().join(''),
};

/**
 * One map of every encoding, in a snapshot and in the WAL behind it; cleanly closed. `onCommit` is
 * called after each commit, beside the open store.
 */
export async function makeStore(
  path = newPath(),
  onCommit: () => Promise<unknown> = async () => undefined,
): Promise<string> {
  const store = await Store.open(path, { quota: { bytes: 1_000_000 } });
  const put = async (map: StoreMap<never, never>, key: unknown, value: unknown) => {
    await map.put(key as never, value as never);
    await onCommit();
  };
  const balances = store.map<never, never>('balances');
  await put(balances, 'alice', 5n);
  await put(balances, ['bob', 1], new Date(0));
  await put(balances, 7, new Map([[1, new Set(['x'])]]));
  const state = store.map<never, never>('state', { value: 'json', quota: 50_000 });
  await store.flush();
  await onCommit();
  await put(state, 'count', { $bigint: 'no tag' });
  const raw = store.map<never, never>('raw', { key: 'binary', value: 'binary' });
  await put(raw, Uint8Array.of(1, 2), Uint8Array.of(3));
  await store.checkpoint();
  await put(store.map<never, never>('text', { key: 'utf8', value: 'utf8' }), 'greeting', 'höi');
  await put(store.map('own', { key: OWN_KEYS }) as StoreMap<never, never>, 'drow', true);
  const emptied = store.map<never, never>('emptied');
  await put(emptied, 'a', 1);
  await emptied.remove('a' as never);
  await onCommit();
  await store.close();
  return path;
}

export function copyOf(path: string): string {
  const copy = newPath();
  cpSync(path, copy, { recursive: true });
  return copy;
}

/** Every file under the path with a digest of its content. */
export function contentsOf(path: string): Map<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(path, name)).isFile());
  return new Map(files.map((name) => [name, digestOf(join(path, name))]));
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Files that hold data: not the reserve, not the lock. */
export function dataFilesOf(path: string): string[] {
  return readdirSync(path).filter((name) => /\.(wal|snap)$/.test(name));
}

/** The root hash of the store's content, compacted. */
export async function rootOf(path: string): Promise<unknown> {
  const store = await Store.open(path);
  await store.compact();
  await store.close();
  const { output } = await cli('inspect', path, '--json');
  const { files } = JSON.parse(output) as { files: { kind: string; root?: string }[] };
  return files.filter(({ kind }) => kind === 'snapshot').at(-1)?.root;
}
