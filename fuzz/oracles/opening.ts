/**
 * What holds for every directory of files, whatever stands in them:
 *
 * - an open gives a store or a documented error, and the same one when it is done again;
 * - where a strict open gives data, every other mode gives the same;
 * - an open for writing finds what a reader finds and takes a commit, which the next open finds.
 */
import { mapCodecs } from '../../src/cli/map-handle.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import type { RecoveryMode } from '../../src/options.ts';
import { Store } from '../../src/store.ts';
import type { StoredFile } from '../formats/directory.ts';
import { restartChance } from './chance.ts';
import { type Contents, contentsOf } from './contents.ts';
import { codeOf, FaultError, OPEN_CODES, requireSame } from './errors.ts';

/** What a store that was opened may say to a write: a map of that name may be there, full or other. */
const WRITE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['MAP_ENCODING_MISMATCH', 'QUOTA_EXCEEDED', 'LIMIT', 'CORRUPT'] as const),
]);

export function examineOpening(files: readonly StoredFile[]): void {
  const safe = read(files, 'safe');
  requireSame(read(files, 'safe'), safe, 'the second open');
  const strict = read(files, 'strict');
  const isSound = typeof strict === 'object';
  if (isSound) requireSame(safe, strict, 'a safe open after a strict one');
  for (const mode of ['point-in-time', 'skip-corrupt', 'inspect'] as const) {
    const patient = read(files, mode);
    // What is damaged within a snapshot is seen by some modes alone.
    if (isSound) requireSame(patient, safe, `an open in mode ${mode}`);
  }
  write(files, { recovery: 'safe', expected: safe });
  write(files, { recovery: 'point-in-time', expected: isSound ? strict : undefined });
}

interface Writing {
  readonly recovery: RecoveryMode;
  /** What a reader has found; undefined where it is not known. */
  readonly expected: ErrorCode | Contents | undefined;
}

/** The code of the error, or what the store holds. */
function read(files: readonly StoredFile[], recovery: RecoveryMode): ErrorCode | Contents {
  restartChance();
  return attempt(() => {
    const store = Store.openSync(memoryOf(files), { readOnly: true, recovery });
    const contents = contentsOf(store);
    store.closeSync();
    return contents;
  });
}

function write(files: readonly StoredFile[], { recovery, expected }: Writing): void {
  restartChance();
  const fs = memoryOf(files);
  const opened = attempt(() => Store.openSync(fs, { recovery }));
  if (typeof opened === 'string') {
    const isReadable = typeof expected === 'object';
    if (!isReadable || opened === 'LIMIT' || opened === 'FORMAT_TOO_NEW') return;
    throw new FaultError(`an open for writing is refused, ${opened}, where a reader is not`);
  }
  const found = contentsOf(opened);
  if (typeof expected === 'object') requireSame(found, expected, 'an open for writing');
  const isWritten = putOne(opened);
  const after = contentsOf(opened);
  requireSame(after.sequence, found.sequence + (isWritten ? 1 : 0), 'the sequence id');
  opened.closeSync();
  const again = attempt(() => contentsOf(Store.openSync(fs, { recovery })));
  requireSame(again, after, 'an open after a close');
}

function putOne(store: Store): boolean {
  const codecs = mapCodecs({ name: 'fuzz', keyEncoding: 'utf8', valueEncoding: 'utf8' });
  try {
    store.map('fuzz', codecs).putSync('key', 'value');
    return true;
  } catch (error) {
    codeOf(error, WRITE_CODES);
    return false;
  }
}

function attempt<T>(open: () => T): T | ErrorCode {
  try {
    return open();
  } catch (error) {
    return codeOf(error, OPEN_CODES);
  }
}

export function memoryOf(files: readonly StoredFile[]): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  for (const { name, bytes } of files) {
    const file = fs.open(name, 'create');
    if (file instanceof Promise) throw new FaultError('memory answers at once');
    file.write(bytes, 0);
    file.close();
  }
  return fs;
}
