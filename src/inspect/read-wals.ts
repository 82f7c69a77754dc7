/**
 * The WALs of a store as its recovery reads them: frame by frame, up to the first break. Only reads,
 * takes no lock, and works beside the store that writes them.
 */
import { type File, type FileSystem, readFully } from '../fs/file-system.ts';
import { readEnds } from '../snapshot/snapshot-open.ts';
import { parseFileName } from '../store/file-names.ts';
import { isMissing, toStorageError } from '../store/host-error.ts';
import { BufferedFile } from '../wal/buffered-file.ts';
import { FrameType, frameTypeName } from '../wal/frame.ts';
import { decodeWalHeader, WAL_HEADER_SIZE } from '../wal/wal-header.ts';
import { type Frame, scanWal } from '../wal/wal-reader.ts';
import { type LoggedOperation, loggedOperations } from './logged-operations.ts';
import { MapNames } from './map-names.ts';

export interface LoggedFrame {
  /** In the file, in bytes. */
  readonly offset: number;
  /** Of the whole frame, in bytes: its header, what it says, its checksum, padding. */
  readonly size: number;
  /** `commit`, `part` (of a commit of several frames), `sync`, `switch`, `end`, or `type N`. */
  readonly type: string;
  /** The commit that the frame is, belongs to, or follows. */
  readonly sequence: number;
  /** The last commit that was known to be synced when the frame was built. */
  readonly durable: number;
  /** In order. Of frames that are no commits, none. */
  readonly operations: readonly LoggedOperation[];
}

export interface WalContent {
  readonly file: string;
  readonly generation: number;
  /** In bytes. */
  readonly size: number;
  /** All that verify, in order, up to the first that does not. */
  readonly frames: readonly LoggedFrame[];
  /** Why it does not go on where it ends, if it does not; a torn tail is one reason. */
  readonly break: { readonly offset: number; readonly reason: string } | undefined;
}

/**
 * All WALs that are there, oldest first. One that a checkpoint removes meanwhile is left out. Throws
 * IO and PERMISSION.
 */
export async function readWals(fs: FileSystem): Promise<WalContent[]> {
  const names = await namesIn(fs);
  const maps = new MapNames();
  for (const { name } of names.filter(({ kind }) => kind === 'snap')) {
    await readFile(fs, name, (file) => defineMaps(file, maps));
  }
  const wals: WalContent[] = [];
  for (const { name, generation } of names.filter(({ kind }) => kind === 'wal')) {
    const read = (file: File) => ({ file: name, generation, ...walContent(file, maps) });
    const wal = await readFile(fs, name, read);
    if (wal !== undefined) wals.push(wal);
  }
  return wals;
}

async function namesIn(fs: FileSystem) {
  const names = await reading('the directory', () => fs.list());
  return names
    .map(parseFileName)
    .filter((name) => name !== undefined)
    .sort((a, b) => a.generation - b.generation);
}

/** Undefined for a file that is not there any more. */
async function readFile<T>(
  fs: FileSystem,
  name: string,
  read: (file: File) => T,
): Promise<T | undefined> {
  return reading(name, async () => {
    const file = await openFile(fs, name);
    try {
      return file && read(file);
    } finally {
      file?.close();
    }
  });
}

async function openFile(fs: FileSystem, name: string): Promise<File | undefined> {
  try {
    return await fs.open(name, 'read');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function reading<T>(what: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw toStorageError(error, { doing: `reading ${what}` });
  }
}

function defineMaps(file: File, maps: MapNames): void {
  const ends = readEnds(file);
  if (ends.state !== 'valid') return;
  for (const map of ends.footer.maps) maps.define(map.id, map);
}

function walContent(file: File, maps: MapNames): Omit<WalContent, 'file' | 'generation'> {
  const size = file.size();
  const read = decodeWalHeader(readFully(file, 0, Math.min(size, WAL_HEADER_SIZE)));
  if (read.kind !== 'header') {
    const reason = read.kind === 'newer' ? `the format is ${read.format}` : read.reason;
    return { size, frames: [], break: { offset: 0, reason } };
  }
  const frames: LoggedFrame[] = [];
  const scan = scanWal(new BufferedFile(file), read.header, {
    onFrame: (frame) => frames.push(loggedFrame(frame, maps)),
  });
  const found = scan.break;
  return {
    size,
    frames,
    break: found && { offset: found.offset, reason: found.reason },
  };
}

function loggedFrame({ offset, nextOffset, header, body }: Frame, maps: MapNames): LoggedFrame {
  const { type, sequence, durable } = header;
  const isOfCommit = type === FrameType.commit || type === FrameType.part;
  return {
    offset,
    size: nextOffset - offset,
    type: frameTypeName(type),
    sequence,
    durable,
    operations: isOfCommit ? loggedOperations(body, maps) : [],
  };
}
