/**
 * The files of one directory of a browser, made in advance. Their own names mean nothing: what each
 * of them is, its record says. The file `lock` holds nothing; who has it open has the pool.
 *
 * Making a file waits for the browser, and Chromium writes its directory without syncing, so that a
 * file which was just made may vanish at a power cut. So files are made before they are needed, never
 * removed, and old ones are used first.
 */
import { type AccessHandle, type DirectoryHandle, errorName, type FileHandle } from './browser.ts';
import { errnoError } from './errno.ts';
import { serialOfFree } from './opfs-glance.ts';
import { OpfsSlot } from './opfs-slot.ts';

const GUARD_NAME = 'lock';
/** So many files are made at a time: who waits for one need not wait for all. */
const BATCH_COUNT = 3;
const RETRY_INTERVAL_MS = 20;

export interface PoolOptions {
  /** For how many ms to try again where the pool is open elsewhere. */
  readonly patience: number;
  /** Opening a file costs so much that free ones stay closed until they are needed. */
  readonly isOpeningCostly: boolean;
}

/** The pool is open elsewhere. */
export class PoolTakenError extends Error {
  override readonly name = 'PoolTakenError';
}

export class OpfsPool {
  readonly #directory: DirectoryHandle;
  readonly #guard: AccessHandle;
  readonly #slots: OpfsSlot[] = [];
  /** Free, and not open. */
  readonly #closed: FileHandle[] = [];
  readonly #byName = new Map<string, OpfsSlot>();
  /** Made since the pool was opened: the browser may not have synced its directory. */
  readonly #young = new Set<OpfsSlot>();
  #serial = 0;
  #nextFile = 0;
  #batch: Promise<void> | undefined;
  #isClosed = false;
  /** Called once, when the browser has closed the files under us. */
  onLost: (cause: unknown) => void = () => undefined;

  private constructor(directory: DirectoryHandle, guard: AccessHandle) {
    this.#directory = directory;
    this.#guard = guard;
  }

  /** Throws PoolTakenError where it is open elsewhere. */
  static async open(directory: DirectoryHandle, options: PoolOptions): Promise<OpfsPool> {
    const guardFile = await directory.getFileHandle(GUARD_NAME, { create: true });
    const pool = new OpfsPool(directory, await openPatiently(guardFile, options.patience));
    try {
      await pool.#openAll(options);
      return pool;
    } catch (error) {
      pool.close();
      throw error;
    }
  }

  /** Some of what the pool holds is in files whose own names may not be on the medium. */
  get isYoung(): boolean {
    return [...this.#byName.values()].some((slot) => this.#young.has(slot));
  }

  get names(): string[] {
    return [...this.#byName.keys()];
  }

  get freeCount(): number {
    return this.#slots.filter(({ isFree }) => isFree).length;
  }

  find(name: string): OpfsSlot | undefined {
    return this.#byName.get(name);
  }

  /** Undefined where no free file is left: then `grow`. */
  create(name: string): OpfsSlot | undefined {
    const slot = this.#slots.find(({ isFree }) => isFree);
    slot?.take(name, ++this.#serial);
    if (slot !== undefined) this.#byName.set(name, slot);
    return slot;
  }

  remove(name: string): void {
    const slot = this.#byName.get(name);
    this.#byName.delete(name);
    slot?.leave(++this.#serial);
  }

  syncNames(): void {
    for (const slot of this.#slots) slot.syncName();
  }

  /**
   * Resolves when so many files are free, and makes them. Undefined where there are enough. Rejects
   * with what the browser says, or EIO once the pool is closed.
   */
  grow(freeCount: number): Promise<void> | undefined {
    return this.freeCount >= freeCount ? undefined : this.#grow(freeCount);
  }

  /** Resolves when no file is being made, after which a closed pool can be opened again. */
  async settle(): Promise<void> {
    await this.#batch?.catch(() => undefined);
  }

  /** Loses the pool if it was removed: what is open stays writable, and nobody finds it again. */
  async checkPresence(): Promise<void> {
    try {
      await this.#directory.getFileHandle(GUARD_NAME, { create: false });
    } catch (error) {
      if (errorName(error) !== 'NotFoundError' || this.#isClosed) return;
      // Not closed: Chromium 156 crashes as a whole where a file is closed that was cleared away.
      this.#isClosed = true;
      this.onLost(error);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const slot of this.#slots.splice(0)) slot.close();
    this.#guard.close();
  }

  async #grow(freeCount: number): Promise<void> {
    while (this.freeCount < freeCount) {
      if (this.#isClosed) throw errnoError('EIO', 'the files of the browser are closed');
      const count = Math.min(BATCH_COUNT, freeCount - this.freeCount);
      this.#batch ??= this.#makeFiles(count).finally(() => {
        this.#batch = undefined;
      });
      await this.#batch;
    }
  }

  /** Side by side, for each of them waits for the browser more than once. */
  async #makeFiles(count: number): Promise<void> {
    await allOf(Array.from({ length: count }, () => this.#makeFile()));
  }

  async #makeFile(): Promise<void> {
    const old = this.#closed.pop();
    const file = old ?? (await this.#createFile());
    if (this.#isClosed) return;
    const slot = this.#adopt(await openPatiently(file, 0));
    if (slot !== undefined && old === undefined) this.#young.add(slot);
  }

  #createFile(): Promise<FileHandle> {
    return this.#directory.getFileHandle(String(this.#nextFile++), { create: true });
  }

  async #openAll(options: PoolOptions): Promise<void> {
    const opening: Promise<void>[] = [];
    for await (const entry of this.#directory.values()) {
      if (entry.kind !== 'file' || !/^\d{1,9}$/.test(entry.name)) continue;
      opening.push(this.#openOne(entry, options));
      this.#nextFile = Math.max(this.#nextFile, Number(entry.name) + 1);
    }
    await allOf(opening);
    for (const slot of this.#slots) {
      this.#register(slot);
      // Who was killed has not given the space back.
      if (slot.isFree && slot.size > 0) slot.makeEmpty();
    }
  }

  async #openOne(file: FileHandle, { patience, isOpeningCostly }: PoolOptions): Promise<void> {
    // A file that cannot be read so may still be open in a tab that is gone: opening has patience.
    const glance = isOpeningCostly ? serialOfFree(file).catch(() => undefined) : undefined;
    const serial = await glance;
    if (serial === undefined) {
      this.#adopt(await openPatiently(file, patience));
      return;
    }
    this.#serial = Math.max(this.#serial, serial);
    this.#closed.push(file);
  }

  #adopt(handle: AccessHandle): OpfsSlot | undefined {
    if (this.#isClosed) {
      handle.close();
      return undefined;
    }
    const slot = new OpfsSlot(handle, (cause) => this.#lose(cause));
    this.#slots.push(slot);
    return slot;
  }

  /** Of two files with one name the later one counts. */
  #register(slot: OpfsSlot): void {
    this.#serial = Math.max(this.#serial, slot.serial);
    if (slot.name === undefined) return;
    const other = this.#byName.get(slot.name);
    if (other === undefined || other.serial < slot.serial) this.#byName.set(slot.name, slot);
  }

  #lose(cause: unknown): void {
    if (this.#isClosed) return;
    this.close();
    this.onLost(cause);
  }
}

/** Waits for all of them, whatever becomes of one. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function openPatiently(file: FileHandle, patience: number): Promise<AccessHandle> {
  for (let waited = 0; ; waited += RETRY_INTERVAL_MS) {
    try {
      return await (file.createSyncAccessHandle as () => Promise<AccessHandle>)();
    } catch (error) {
      if (errorName(error) !== 'NoModificationAllowedError') throw error;
      if (waited >= patience) throw new PoolTakenError('the pool is open elsewhere');
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS));
  }
}
