/**
 * `onewal load`: puts the entries of a dump into a store.
 *
 * The first commit marks the store (unfinished-load.ts), the last one takes the mark away, so a
 * load that was cut short is never taken for a whole one. Up to CHUNK_SIZE nothing is written
 * before the dump has proved whole.
 */
import { createReadStream } from 'node:fs';
import { UsageError } from '../errors.ts';
import { Store } from '../index-node.ts';
import type { Call, Command } from './command.ts';
import { DumpError, type DumpHeader } from './dump-format.ts';
import { DumpReader } from './dump-reader.ts';
import { EntryDecoder } from './entry-decoder.ts';
import { ExitCode } from './exit-code.ts';
import { CHUNK_SIZE, Loader, type LoadTarget } from './loader.ts';
import { hasUnfinishedLoad, UNFINISHED_LOAD_MAP } from './unfinished-load.ts';

export const loadCommand: Command = {
  name: 'load',
  synopsis: 'DIR [FILE] [--into-existing]',
  summary: 'puts what "onewal dump" wrote into a new store, from FILE or the standard input',
  details: `  --into-existing  also into a store that holds something: entries of the same key are replaced,
                   all others stay, quotas stay as they are

  A dump that is cut or changed is refused. Up to ${CHUNK_SIZE >> 20} MiB nothing is written before the whole dump
  has been checked; a larger one is written in commits of that size. Until the last of them the
  store holds a map named ${JSON.stringify(UNFINISHED_LOAD_MAP)}: after a failure, delete the store and load
  again, or load again with --into-existing.`,
  options: { 'into-existing': { type: 'boolean' } },
  operandCount: { min: 1, max: 2 },
  run: load,
};

async function load({ given, input, output }: Call): Promise<ExitCode> {
  const reader = new DumpReader(given.operandCount > 1 ? openDump(given.operand(1)) : input);
  try {
    const header = await reader.header();
    if (header.maps.some(({ name }) => name === UNFINISHED_LOAD_MAP)) {
      throw new DumpError(1, 'the dump is of a store into which a load was not finished');
    }
    const mayHoldEntries = given.isSet('into-existing');
    const target = await checkTarget(given.operand(0), { mayHoldEntries });
    const { count, sequence } = await loadEntries(reader, header, target);
    await output.line(
      `loaded ${count} entries of ${header.maps.length} maps; the store is at commit ${sequence}`,
    );
    return ExitCode.fine;
  } finally {
    await reader.close();
  }
}

async function loadEntries(
  reader: DumpReader,
  header: DumpHeader,
  target: LoadTarget,
): Promise<{ readonly count: number; readonly sequence: number }> {
  const decoder = new EntryDecoder(header.maps);
  const loader = new Loader(target, header);
  try {
    for await (const entry of reader.entries()) {
      const pending = loader.add(decoder.decode(entry));
      if (pending !== undefined) await pending;
    }
    return await loader.finish();
  } catch (error) {
    throw loader.hasWritten ? unfinished(error, target) : error;
  } finally {
    await loader.close();
  }
}

/** Only reads. Throws EXISTS, and what Store.open throws. */
async function checkTarget(
  directory: string,
  { mayHoldEntries }: { readonly mayHoldEntries: boolean },
): Promise<LoadTarget> {
  const store = await openIfThere(directory);
  if (store === undefined) return { directory, state: 'absent' };
  try {
    const isUnfinished = hasUnfinishedLoad(store);
    const isEmpty = Object.values(store.stats().maps).every(({ count }) => count === 0);
    if (!isEmpty && !mayHoldEntries) throw notEmpty(directory, isUnfinished);
    return { directory, state: isEmpty ? 'empty' : 'filled' };
  } finally {
    await store.close();
  }
}

async function openIfThere(directory: string): Promise<Store | undefined> {
  try {
    return await Store.open(directory, { readOnly: true });
  } catch (error) {
    if (error instanceof UsageError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

function notEmpty(directory: string, isUnfinished: boolean): UsageError {
  const why = isUnfinished ? 'holds what a load that was not finished left' : 'holds entries';
  return new UsageError(
    'EXISTS',
    `the store at ${directory} ${why}: load into a new one, or give --into-existing`,
  );
}

function unfinished(error: unknown, { directory }: LoadTarget): unknown {
  if (!(error instanceof Error)) return error;
  error.message +=
    `. The load into ${directory} is not finished, and the store is marked so: ` +
    'delete it and load again, or load again with --into-existing';
  return error;
}

function openDump(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: 1 << 18 });
}
