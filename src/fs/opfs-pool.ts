/**
 * The files of one directory of a browser, made in advance. Their own names mean nothing: what each
 * of them is, its record says. The file `lock` holds nothing; who has it open has the pool.
 *
 * Making a file waits for the browser, and Chromium writes its directory without syncing, so that a
 * file which was just made may vanish at a power cut. So files are made before they are needed, never
 * removed, and old ones are used first.
 */
import { type AccessHandle, type DirectoryHandle, errorName, type FileHandle } from './browser.ts';
import { OpfsSlot } from './opfs-slot.ts';

const GUARD_NAME = 'lock';
/** So many free files are made at a time. */
const FREE_COUNT_TARGET = 12;
const RETRY_INTERVAL_MS = 20;

/** The pool is open elsewhere. */
export class PoolTakenError extends Error {
  override readonly name = 'PoolTakenError';
}

export class OpfsPool {
  readonly #directory: DirectoryHandle;
  readonly #guard: AccessHandle;
  readonly #slots: OpfsSlot[] = [];
  readonly #byName = new Map<string, OpfsSlot>();
  /** Made since the pool was opened: the browser may not have synced its directory. */
  readonly #young = new Set<OpfsSlot>();
  #serial = 0;
  #nextFile = 0;
  #growth: Promise<void> | undefined;
  #isClosed = false;
  /** Called once, when the browser has closed the files under us. */
  onLost: (cause: unknown) => void = () => undefined;

  private constructor(directory: DirectoryHandle, guard: AccessHandle) {
    this.#directory = directory;
    this.#guard = guard;
  }

  /** Tries again for `patience` ms where it is open elsewhere, then throws PoolTakenError. */
  static async open(directory: DirectoryHandle, patience: number): Promise<OpfsPool> {
    const guardFile = await directory.getFileHandle(GUARD_NAME, { create: true });
    const pool = new OpfsPool(directory, await openPatiently(guardFile, patience));
    try {
      await pool.#openAll(patience);
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

  /** Makes more files where fewer than so many are free. Undefined where there are enough. */
  grow(freeCountMin: number): Promise<void> | undefined {
    if (this.#freeCount >= freeCountMin) return undefined;
    this.#growth ??= this.#makeFiles().finally(() => {
      this.#growth = undefined;
    });
    return this.#growth;
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

  get #freeCount(): number {
    return this.#slots.filter(({ isFree }) => isFree).length;
  }

  async #makeFiles(): Promise<void> {
    while (this.#freeCount < FREE_COUNT_TARGET && !this.#isClosed) {
      const name = String(this.#nextFile++);
      const file = await this.#directory.getFileHandle(name, { create: true });
      const slot = this.#adopt(await openPatiently(file, 0));
      if (slot !== undefined) this.#young.add(slot);
    }
  }

  async #openAll(patience: number): Promise<void> {
    const opening: Promise<AccessHandle>[] = [];
    for await (const entry of this.#directory.values()) {
      if (entry.kind !== 'file' || !/^\d{1,9}$/.test(entry.name)) continue;
      opening.push(openPatiently(entry, patience));
      this.#nextFile = Math.max(this.#nextFile, Number(entry.name) + 1);
    }
    const opened = await Promise.allSettled(opening);
    for (const result of opened) if (result.status === 'fulfilled') this.#adopt(result.value);
    const failed = opened.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    for (const slot of this.#slots) {
      this.#register(slot);
      // Who was killed has not given the space back.
      if (slot.isFree && slot.size > 0) slot.makeEmpty();
    }
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
