/**
 * Starts a new WAL generation: the only way in which the store ever goes on after an open, a
 * checkpoint, a failed sync or a write that could not be undone.
 *
 * The new WAL names how far its predecessor counts, and logs again what was not known to be
 * durable there. It counts once all of that verifies; until then the predecessor does, so a crash
 * at any point leaves one complete history.
 */
import { bytesEqual } from '../bytes/bytes.ts';
import type { CborValue } from '../bytes/cbor.ts';
import { FORMAT_VERSION } from '../bytes/format-version.ts';
import {
  closeQuietly,
  type File,
  type FileSystem,
  readFully,
  writeFully,
} from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import { BufferedFile } from '../wal/buffered-file.ts';
import {
  encodeWalHeader,
  WAL_HEADER_SIZE,
  type WalHeader,
  type WalPosition,
} from '../wal/wal-header.ts';
import { scanWal } from '../wal/wal-reader.ts';
import { type LoggedCommit, WalWriter } from '../wal/wal-writer.ts';
import type { Manner } from './environment.ts';
import { walName } from './file-names.ts';

export interface GenerationPlan {
  readonly store: Uint8Array;
  readonly generation: number;
  readonly key: Uint8Array;
  /** Where the history so far ends for good; everything before it is durable. */
  readonly predecessor: WalPosition | undefined;
  /** Commits behind it that count, in order. */
  readonly logAgain: readonly LoggedCommit[];
  /** The chain hash of the last of them, or of the last commit before. */
  readonly commitChain: Uint8Array;
  readonly snapshot: number | undefined;
  readonly loss: CborValue;
}

/** The generation was not started, and its half file could not be removed for good either. */
export class HalfGenerationError extends Error {
  override readonly name = 'HalfGenerationError';
}

/**
 * When it returns, the new WAL is on the medium with its name, and was read back. Throws what the
 * host threw; the new file is then removed, or HalfGenerationError says that it may come back, in
 * which case nothing may be appended to the predecessor any more.
 */
export function* startGeneration(
  fs: FileSystem,
  plan: GenerationPlan,
  manner: Manner,
): Task<WalWriter> {
  const name = walName(plan.generation);
  const file = yield* wait(fs.open(name, 'create'));
  try {
    const writer = yield* fill(file, plan, { manner, preallocation: fs.facts.preallocation });
    yield* wait(fs.syncDirectory());
    return writer;
  } catch (error) {
    closeQuietly(file);
    yield* removeHalf(fs, name, error);
    throw error;
  }
}

function* fill(
  file: File,
  plan: GenerationPlan,
  { manner, preallocation }: { manner: Manner; preallocation: number | undefined },
): Task<WalWriter> {
  const { commitChain: publishedChain, logAgain, predecessor, ...named } = plan;
  const publishedAt = logAgain.at(-1)?.sequence ?? predecessor?.sequence ?? 0;
  const header = { ...named, format: FORMAT_VERSION, predecessor, publishedAt, publishedChain };
  writeFully(file, encodeWalHeader(header), 0);
  const writer = new WalWriter(file, header, preallocation);
  if (logAgain.length > 0) {
    // No frame without a durable header: a file that has frames and no header is damaged.
    yield* wait(manner.sync(file));
    for (const commit of logAgain) writer.stage(commit);
    writer.writeStaged();
  }
  yield* writer.syncUpTo(writer.tip, manner.sync);
  readBack(file, header, writer.tip);
  return writer;
}

/** Throws EIO unless the file reads as what was written. */
function readBack(file: File, header: WalHeader, tip: WalPosition): void {
  const stored = readFully(file, 0, WAL_HEADER_SIZE);
  const scan = scanWal(new BufferedFile(file), header);
  const isSame =
    bytesEqual(stored, encodeWalHeader(header)) &&
    scan.break === undefined &&
    bytesEqual(scan.tip.chain, tip.chain);
  if (isSame) return;
  throw Object.assign(new Error('EIO: the new WAL does not read back as it was written'), {
    code: 'EIO',
  });
}

function* removeHalf(fs: FileSystem, name: string, cause: unknown): Task<void> {
  try {
    yield* wait(fs.remove(name));
    yield* wait(fs.syncDirectory());
  } catch {
    throw new HalfGenerationError(`${name} could neither be finished nor removed`, { cause });
  }
}
