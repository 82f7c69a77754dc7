/** The last value works and is there after the next open; the first above it changes nothing. */
import { OnewalError } from '../../../src/index.ts';
import { type Files, filesOf, shown, writable } from '../rot/plain-files.ts';
import { readState } from '../rot/state-text.ts';
import { FalseStateError, type Opener, requireUntouched } from '../rot/verdict.ts';
import type { OpenLimit, WriteLimit } from './boundaries.ts';

/** Throws FalseStateError, and what the last value that is allowed must not throw. */
export function judgeWriteLimit(limit: WriteLimit, files: Files, open: Opener): void {
  const fs = writable(limit.files ?? files);
  const store = open(fs);
  try {
    limit.prepare?.(store);
    limit.last(store);
    const { text } = readState(store);
    const before = filesOf(fs);
    requireCode(limit, () => limit.above(store));
    if (readState(store).text !== text) throw new FalseStateError('memory has changed');
    requireUntouched(before, filesOf(fs));
    requireState(before, text, open);
    store.closeSync();
    requireState(filesOf(fs), text, open);
  } finally {
    store.closeSync();
  }
}

export function judgeOpenLimit(limit: OpenLimit, files: Files, open: Opener): void {
  const fs = writable(files);
  requireCode(limit, () => open(fs, limit.above));
  requireUntouched(files, filesOf(fs));
  const store = open(fs, limit.last);
  const { text } = readState(store);
  store.closeSync();
  requireState(filesOf(fs), text, open);
}

/** Generations are used up by the name of a file alone. */
export function judgeGenerations(files: Files, open: Opener): void {
  const last = new Map(files).set('999999999999998.snap', new Uint8Array(0));
  const above = new Map(files).set('999999999999999.snap', new Uint8Array(0));
  judgeRefusedOpen(above, open);
  const fs = writable(last);
  const store = open(fs);
  const { text } = readState(store);
  store.closeSync();
  requireState(filesOf(fs), text, open);
  judgeRefusedOpen(filesOf(fs), open);
}

function judgeRefusedOpen(files: Files, open: Opener): void {
  const fs = writable(files);
  requireCode({ code: 'LIMIT' }, () => open(fs));
  requireUntouched(files, filesOf(fs));
}

function requireCode({ code }: { readonly code: string }, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    const found = error instanceof OnewalError ? error.code : String(error);
    if (found === code) return;
    throw new FalseStateError(`above the limit: ${found} where ${code} was expected`);
  }
  throw new FalseStateError('above the limit: nothing is refused');
}

function requireState(files: Files, text: string, open: Opener): void {
  const store = open(shown(files), { readOnly: true });
  const found = readState(store).text;
  store.closeSync();
  if (found !== text) throw new FalseStateError('the next open has another state');
}
