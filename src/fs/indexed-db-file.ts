/** A file of a database, and what is open of it. */
import type { ChunkDatabase } from './chunk-database.ts';
import { ChunkedContent } from './chunked-content.ts';
import { errnoError } from './errno.ts';
import { FileAccess } from './file-access.ts';
import type { File } from './file-system.ts';

/** One file of the database, whether it is open or not. */
export class StoredFile {
  readonly id: number;
  readonly name: string;
  #content: ChunkedContent | undefined;
  #loading: Promise<ChunkedContent> | undefined;
  #lastSync: Promise<void> = Promise.resolve();
  openCount = 0;
  isRemoved = false;
  /** Its name is in the database, or on its way there. */
  isStored: boolean;

  /** Without content: a file of the database, to be loaded. */
  constructor(id: number, name: string, content?: ChunkedContent) {
    this.id = id;
    this.name = name;
    this.#content = content;
    this.isStored = content === undefined;
  }

  get content(): ChunkedContent {
    return this.#content as ChunkedContent;
  }

  async load(database: ChunkDatabase): Promise<void> {
    if (this.#content !== undefined) return;
    this.#loading ??= database.chunks(this.id).then((chunks) => new ChunkedContent(chunks));
    try {
      const content = await this.#loading;
      this.#content ??= content;
    } finally {
      this.#loading = undefined;
    }
  }

  close(): void {
    this.openCount -= 1;
    const isNeeded = this.openCount > 0 || !this.isStored || !this.content.isClean;
    if (!isNeeded) this.#content = undefined;
  }

  /** After a rejection every later sync rejects: what the records hold is not known any more. */
  sync(database: ChunkDatabase): Promise<void> {
    if (this.isRemoved || (this.isStored && this.content.isClean)) return this.#lastSync;
    this.isStored = true;
    const before = this.#lastSync;
    const stored = database.store([
      { id: this.id, name: this.name, changes: this.content.takeChanges() },
    ]);
    const sync = before.then(() => stored);
    stored.catch(() => undefined);
    this.#lastSync = sync;
    return sync;
  }
}

export class IndexedDbFile implements File {
  readonly #file: StoredFile;
  readonly #database: ChunkDatabase;
  readonly #access: FileAccess;

  constructor(file: StoredFile, database: ChunkDatabase, mode: 'read' | 'create') {
    this.#file = file;
    this.#database = database;
    this.#access = new FileAccess(mode);
  }

  read(target: Uint8Array, offset: number): number {
    this.#access.checkReadable();
    return this.#file.content.read(target, offset);
  }

  write(source: Uint8Array, offset: number): number {
    this.#access.checkWritable();
    const { content } = this.#file;
    if (offset !== content.size) throw errnoError('EINVAL', `${offset} is not the end of the file`);
    content.append(source);
    return source.length;
  }

  truncate(size: number): void {
    this.#access.checkWritable();
    if (size > this.#file.content.size) throw errnoError('EINVAL', 'a cut does not grow a file');
    this.#file.content.truncate(size);
  }

  size(): number {
    this.#access.checkReadable();
    return this.#file.content.size;
  }

  async sync(): Promise<void> {
    this.#access.checkReadable();
    await this.#file.sync(this.#database);
  }

  close(): void {
    if (!this.#access.isOpen) return;
    this.#access.end();
    this.#file.close();
  }
}
