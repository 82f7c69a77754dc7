/** Reads what every file of a store says of itself: WAL headers, snapshot footers. Only reads. */
import { bytesEqual, toHex } from '../bytes/bytes.ts';
import { type FormatVersion, formatText, unknownToWriters } from '../bytes/format-version.ts';
import { FormatError } from '../errors.ts';
import { closeQuietly, type File, type FileSystem } from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import type { BlockCache } from '../snapshot/block-cache.ts';
import { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import type { SnapshotSteps } from '../snapshot/steps.ts';
import { BufferedFile } from '../wal/buffered-file.ts';
import { decodeWalHeader, WAL_HEADER_SIZE, type WalHeader } from '../wal/wal-header.ts';
import {
  parseFileName,
  RESERVE_NAME,
  RESERVE_SIZE,
  type StoreFileName,
  snapshotName,
  walName,
} from './file-names.ts';

export interface SoundWal {
  readonly name: string;
  readonly file: BufferedFile;
  readonly header: WalHeader;
}

interface UnsoundFile {
  readonly name: string;
  readonly generation: number;
  readonly offset: number;
  readonly reason: string;
  /** The last commit that it held, where that is still known. */
  readonly sequence?: number;
}

export interface Survey {
  /** Highest generation first. */
  readonly wals: readonly SoundWal[];
  /** Highest generation first. */
  readonly snapshots: readonly SnapshotReader[];
  /** WALs that have frames, but no header that verifies. */
  readonly damagedWals: readonly UnsoundFile[];
  readonly damagedSnapshots: readonly UnsoundFile[];
  /** Files whose creation a crash cut short, as far as they themselves can tell. */
  readonly unfinished: readonly StoreFileName[];
  /** Headers of which one copy is damaged: harmless, worth a word. */
  readonly notes: readonly string[];
  /** The newest WAL that was ever started, as far as names tell; 0 without any word of it. */
  readonly head: number;
  /** The names that say so, this one and older ones. */
  readonly headNames: readonly string[];
  readonly store: Uint8Array | undefined;
  /** Above every generation that any file bears, in its name or in its header. */
  readonly nextGeneration: number;
  readonly hasReserve: boolean;
}

export interface SurveyOptions {
  readonly cache: BlockCache;
  /** The store is opened for writing. */
  readonly isForWriting: boolean;
  /** Read every block of every snapshot, and treat one that is not sound as damaged. */
  readonly verify: SnapshotSteps | undefined;
}

/** Throws FORMAT_TOO_NEW, FOREIGN_FILE, and what the host throws; closes all files if it does. */
export function* surveyStore(fs: FileSystem, options: SurveyOptions): Task<Survey> {
  const surveyor = new Surveyor(fs, options);
  try {
    return yield* surveyor.run();
  } catch (error) {
    surveyor.closeAll();
    throw error;
  }
}

export function closeSurvey(survey: Survey, keep: readonly SnapshotReader[]): void {
  for (const wal of survey.wals) wal.file.close();
  for (const snapshot of survey.snapshots) if (!keep.includes(snapshot)) snapshot.close();
}

class Surveyor {
  readonly #fs: FileSystem;
  readonly #options: SurveyOptions;
  readonly #wals: SoundWal[] = [];
  readonly #snapshots: SnapshotReader[] = [];
  readonly #heads: StoreFileName[] = [];
  readonly #damagedWals: UnsoundFile[] = [];
  readonly #damagedSnapshots: UnsoundFile[] = [];
  readonly #unfinished: StoreFileName[] = [];
  readonly #notes: string[] = [];
  #highestGeneration = 0;

  constructor(fs: FileSystem, options: SurveyOptions) {
    this.#fs = fs;
    this.#options = options;
  }

  *run(): Task<Survey> {
    const names = yield* wait(this.#fs.list());
    for (const name of names) {
      const parsed = parseFileName(name);
      if (parsed === undefined) continue;
      this.#raiseGeneration(parsed.generation);
      if (parsed.kind === 'head') {
        this.#heads.push(parsed);
        continue;
      }
      const file = yield* wait(this.#fs.open(name, 'read'));
      yield* parsed.kind === 'wal' ? this.#readWal(parsed, file) : this.#readSnapshot(parsed, file);
    }
    const wals = this.#withoutCopies(this.#wals, identifyWal, (wal) => wal.file.close());
    const snapshots = this.#withoutCopies(this.#snapshots, identifySnapshot, (reader) =>
      reader.close(),
    );
    const store = wals[0]?.header.store ?? snapshots[0]?.footer.store;
    if (store !== undefined) this.#checkOrigin(store);
    if (this.#options.isForWriting) this.#checkFeatures();
    return {
      wals,
      snapshots,
      damagedWals: this.#damagedWals,
      damagedSnapshots: this.#damagedSnapshots,
      unfinished: this.#unfinished,
      notes: this.#notes,
      head: Math.max(0, ...this.#heads.map((head) => head.generation)),
      headNames: this.#heads.map((head) => head.name),
      store,
      nextGeneration: this.#highestGeneration + 1,
      hasReserve: names.includes(RESERVE_NAME) && (yield* this.#isReserveWhole()),
    };
  }

  /** A crash while it was made may have left less. */
  *#isReserveWhole(): Task<boolean> {
    const file = yield* wait(this.#fs.open(RESERVE_NAME, 'read'));
    try {
      return file.size() === RESERVE_SIZE;
    } finally {
      closeQuietly(file);
    }
  }

  /**
   * Highest generation first. Of files with one generation, which somebody made by copying, counts
   * that whose name says the same; the others are closed.
   */
  #withoutCopies<T extends { readonly name: string }>(
    files: readonly T[],
    identify: (file: T) => FileIdentity,
    close: (file: T) => void,
  ): T[] {
    const kept = new Map<number, T>();
    for (const file of files) {
      const { generation, ownName } = identify(file);
      const rival = kept.get(generation);
      if (rival === undefined || file.name === ownName) kept.set(generation, file);
    }
    const counted = new Set(kept.values());
    for (const file of files) {
      if (counted.has(file)) continue;
      this.#notes.push(`${file.name}: a copy of another file, not used`);
      close(file);
    }
    return [...counted].sort((left, right) => {
      return identify(right).generation - identify(left).generation;
    });
  }

  closeAll(): void {
    for (const wal of this.#wals) wal.file.close();
    for (const snapshot of this.#snapshots) snapshot.close();
  }

  *#readWal(parsed: StoreFileName, file: File): Task<void> {
    const { name, generation } = parsed;
    const buffered = new BufferedFile(file);
    const read = readOrClose(file, () => decodeWalHeader(buffered.read(0, WAL_HEADER_SIZE)));
    if (read.kind === 'header') {
      this.#raiseGeneration(read.header.generation);
      this.#wals.push({ name, file: buffered, header: read.header });
      if (read.damagedCopies > 0) this.#notes.push(`${name}: one copy of the header is damaged`);
      return;
    }
    const size = buffered.size;
    closeQuietly(file);
    if (read.kind === 'newer') throw tooNew(name, read.format);
    // The header is synced before the first frame is written: a short file never had any.
    if (size <= WAL_HEADER_SIZE) this.#unfinished.push(parsed);
    else this.#damagedWals.push({ name, generation, offset: 0, reason: read.reason });
  }

  *#readSnapshot(parsed: StoreFileName, file: File): Task<void> {
    const { name, generation } = parsed;
    const opened = readOrClose(file, () => SnapshotReader.open(file, name, this.#options.cache));
    if (opened.state === 'valid') {
      this.#raiseGeneration(opened.reader.footer.generation);
      this.#snapshots.push(opened.reader);
      yield* this.#verifySnapshot(opened.reader, generation);
      return;
    }
    closeQuietly(file);
    if (opened.state === 'unfinished') this.#unfinished.push(parsed);
    else if (opened.state === 'newer') {
      throw tooNew(name, `snapshot ${formatText(opened.need)}`);
    } else {
      const { offset, reason } =
        opened.state === 'damaged' ? opened : { offset: 0, reason: 'no snapshot header is there' };
      this.#damagedSnapshots.push({ name, generation, offset, reason });
    }
  }

  *#verifySnapshot(reader: SnapshotReader, generation: number): Task<void> {
    const { verify } = this.#options;
    if (verify === undefined) return;
    const [damage] = yield* reader.verify(verify);
    if (damage === undefined) return;
    const { offset, reason } = damage;
    const { sequence } = reader.footer;
    this.#snapshots.pop();
    reader.close();
    this.#damagedSnapshots.push({ name: reader.name, generation, offset, reason, sequence });
  }

  #checkOrigin(store: Uint8Array): void {
    const named = [
      ...this.#wals.map((wal) => ({ name: wal.name, store: wal.header.store })),
      ...this.#snapshots.map((reader) => ({ name: reader.name, store: reader.footer.store })),
    ];
    const foreign = named.find((file) => !bytesEqual(file.store, store));
    if (foreign === undefined) return;
    throw new FormatError(
      'FOREIGN_FILE',
      `${foreign.name} belongs to store ${toHex(foreign.store)}, the others to ${toHex(store)}: ` +
        'move the file that is not of this store out of the directory',
    );
  }

  #checkFeatures(): void {
    const named: { readonly name: string; readonly format: FormatVersion }[] = [
      ...this.#wals.map((wal) => ({ name: wal.name, format: wal.header.format })),
      ...this.#snapshots.map((reader) => ({ name: reader.name, format: reader.footer.format })),
    ];
    for (const { name, format } of named) {
      const feature = unknownToWriters(format);
      if (feature !== undefined) throw tooNew(name, `${formatText(format)} with ${feature}`);
    }
  }

  #raiseGeneration(generation: number): void {
    this.#highestGeneration = Math.max(this.#highestGeneration, generation);
  }
}

interface FileIdentity {
  readonly generation: number;
  readonly ownName: string;
}

function identifyWal({ header: { generation } }: SoundWal): FileIdentity {
  return { generation, ownName: walName(generation) };
}

function identifySnapshot({ footer: { generation } }: SnapshotReader): FileIdentity {
  return { generation, ownName: snapshotName(generation) };
}

function readOrClose<T>(file: File, read: () => T): T {
  try {
    return read();
  } catch (error) {
    closeQuietly(file);
    throw error;
  }
}

function tooNew(name: string, format: string): FormatError {
  return new FormatError(
    'FORMAT_TOO_NEW',
    `${name} has format ${format}, which this version of onewal does not know: use a newer one`,
  );
}
