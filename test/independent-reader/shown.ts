/** What a store shows, by the engine and by the reader in Python, in one form to compare. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../src/bytes/bytes.ts';
import { type KeyEncoding, resolveKeyCodec } from '../../src/codec/key-codec.ts';
import { resolveValueCodec, type ValueEncoding } from '../../src/codec/value-codec.ts';
import { CorruptionError, OnewalError, Store } from '../../src/index.ts';
import type { SimulatedDisk } from '../../src/testing/index.ts';

const DIRECTORY = dirname(fileURLToPath(import.meta.url));
const OUTPUT_SIZE_MAX = 1 << 28;

interface ShownMap {
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
  readonly quota: number | null;
  readonly count: number;
  readonly bytes: number;
}

interface ShownEntry {
  readonly map: string;
  readonly key: string;
  readonly value: string;
  readonly sequence: number;
}

interface Shown {
  readonly store: string;
  readonly sequence: number;
  readonly chain: string;
  readonly quota: number | null;
  readonly maps: readonly ShownMap[];
  readonly tokens: readonly string[];
  readonly loss: string | null;
  readonly entries: readonly ShownEntry[];
}

/** Either is shown, or it is said why not: 1 for damage, 2 for anything else. */
export type Outcome =
  | { readonly exit: 0; readonly shown: Shown }
  | { readonly exit: 1 | 2; readonly reason: string };

export function python(words: readonly string[], input = '') {
  return spawnSync('python3', ['-B', ...words], {
    cwd: DIRECTORY,
    encoding: 'utf8',
    input,
    maxBuffer: OUTPUT_SIZE_MAX,
  });
}

/** What the engine makes of the files, without changing them; of the tokens it knows some. */
export async function shownByEngine(
  disk: SimulatedDisk,
  tokens: readonly string[],
): Promise<Outcome> {
  try {
    const store = await Store.open(disk.clone(), { readOnly: true });
    const shown = showAll(store, tokens);
    const { damage } = await store.verify();
    await store.close();
    if (damage[0] === undefined) return { exit: 0, shown };
    return { exit: 1, reason: `${damage[0].file}: ${damage[0].reason}` };
  } catch (error) {
    if (!(error instanceof OnewalError)) throw error;
    return { exit: error instanceof CorruptionError ? 1 : 2, reason: String(error) };
  }
}

function showAll(store: Store, tokens: readonly string[]): Shown {
  const { info } = store;
  const stats = store.stats();
  const inOrder = Object.entries(stats.maps).sort(([left], [right]) => (left < right ? -1 : 1));
  const maps = inOrder.map(([name, map]) => ({
    name,
    keyEncoding: map.keyEncoding,
    valueEncoding: map.valueEncoding,
    quota: map.byteQuota ?? null,
    count: map.count,
    bytes: map.bytesUsed,
  }));
  return {
    store: info.uuid.replaceAll('-', ''),
    sequence: info.sequence,
    chain: info.chain,
    quota: stats.byteQuota ?? null,
    maps,
    tokens: tokens
      .filter((token) => store.outcomeOf(Buffer.from(token, 'hex')) === 'committed')
      .sort(),
    loss: info.loss?.id ?? null,
    entries: maps.flatMap((map) => showEntries(store, map)),
  };
}

function showEntries(store: Store, { name, keyEncoding, valueEncoding }: ShownMap): ShownEntry[] {
  const keys = resolveKeyCodec(keyEncoding as KeyEncoding);
  const values = resolveValueCodec(valueEncoding as ValueEncoding);
  const map = store.map<unknown, unknown>(name);
  return [...map.getKeys()].map((key) => {
    const entry = map.getEntry(key);
    if (entry === undefined) throw new Error('a key that a range shows is there');
    return {
      map: name,
      key: toHex(keys.encode(key)),
      value: toHex(values.encode(entry.value)),
      sequence: entry.sequence,
    };
  });
}

export function writeOut(disk: SimulatedDisk, directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of disk.names()) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, disk.readFile(name));
  }
}

/** What the reader makes of many directories, in one process. */
export function shownByReader(directories: readonly string[]): Map<string, Outcome> {
  const { status, stdout, stderr } = python(['read_store.py', '--many'], directories.join('\n'));
  if (status !== 0) throw new Error(stderr);
  const lines = stdout.split('\n').values();
  const parsed = () => JSON.parse(lines.next().value ?? '');
  return new Map(
    directories.map((): readonly [string, Outcome] => {
      const { directory, exit, reason, lines: count } = parsed();
      if (exit !== 0) return [directory, { exit, reason }];
      const { nextMapId: _, tail: __, maps, tokens, ...store } = parsed();
      const entries = Array.from({ length: count - 1 }, parsed);
      const shown: Shown = {
        ...store,
        maps: maps.map(({ id: _, ...map }: ShownMap & { id: number }) => map),
        tokens: tokens.map(([token]: [string]) => token).sort(),
        entries,
      };
      return [directory, { exit, shown }];
    }),
  );
}
