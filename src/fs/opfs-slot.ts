/**
 * One file of the pool: two copies of its record, then the content.
 *
 *     0     256  record     4096  256  record     8192  ...  content
 *
 * A record is only written while the other copy is known to be on the medium, so a torn write leaves
 * that one; once it is there too both say the same, so that rot of one changes nothing. A file gets a name
 * only when it is known to be empty on the medium, and is emptied only when it is known to be free
 * there: no crash shows old bytes under a new name, or a removed file without its bytes.
 */
import { type AccessHandle, errorName } from './browser.ts';
import { errnoError } from './errno.ts';
import { decodeSlotRecord, encodeSlotRecord, SLOT_RECORD_SIZE } from './slot-record.ts';

export const RECORD_OFFSETS = [0, 4096] as const;
export const CONTENT_OFFSET = 8192;

export class OpfsSlot {
  readonly #handle: AccessHandle;
  readonly #onLost: (cause: unknown) => void;
  /** Neither copy verifies: whatever it holds is left alone. */
  readonly isDamaged: boolean;
  #name: string | undefined;
  #serial = 0;
  /** Which copy of the record counts: the one that was written last. */
  #place: 0 | 1 = 1;
  /** The copy that is on the medium. Who was killed may have left it to the memory of the system. */
  #syncedPlace: 0 | 1 | undefined;
  #isDoubled = true;
  #isNameSynced = false;
  #isKnownEmpty = false;
  #fileCount = 0;

  constructor(handle: AccessHandle, onLost: (cause: unknown) => void) {
    this.#handle = handle;
    this.#onLost = onLost;
    const copies = RECORD_OFFSETS.map((at) => {
      const bytes = new Uint8Array(SLOT_RECORD_SIZE);
      handle.read(bytes, { at });
      return decodeSlotRecord(bytes);
    });
    for (const [place, copy] of copies.entries()) {
      if (typeof copy === 'string' || copy.serial < this.#serial) continue;
      // Two files of one serial: the other copy is the same, or is about to be.
      this.#isDoubled = copy.serial === this.#serial;
      this.#name = copy.name;
      this.#serial = copy.serial;
      this.#place = place === 0 ? 0 : 1;
    }
    this.isDamaged = copies.every((copy) => copy === 'damaged');
    if (copies.every((copy) => copy === 'blank') && this.size === 0) {
      this.#syncedPlace = 1;
      this.#isNameSynced = true;
      this.#isKnownEmpty = true;
    }
  }

  get name(): string | undefined {
    return this.#name;
  }

  get serial(): number {
    return this.#serial;
  }

  get isFree(): boolean {
    return this.#name === undefined && this.#fileCount === 0 && !this.isDamaged;
  }

  get size(): number {
    return this.#call(() => Math.max(0, this.#handle.getSize() - CONTENT_OFFSET));
  }

  /** Gives a free file a name: an empty file from now on. */
  take(name: string, serial: number): void {
    if (!this.#isKnownEmpty) this.makeEmpty();
    this.#writeRecord(name, serial);
    this.#isKnownEmpty = false;
  }

  /** Frees it. Files still open on it stay readable. */
  leave(serial: number): void {
    this.#writeRecord(undefined, serial);
    this.flush();
    if (this.#fileCount === 0) this.#cut();
  }

  /** What the medium holds of a free file is nothing, from now on. */
  makeEmpty(): void {
    if (this.#syncedPlace === undefined) this.flush();
    this.#call(() => this.#handle.truncate(CONTENT_OFFSET));
    this.flush();
    this.#isKnownEmpty = true;
  }

  /** Makes the name, or that it is free, durable. */
  syncName(): void {
    if (!this.#isNameSynced) this.flush();
    if (!this.#isDoubled) this.#writeRecord(this.#name, this.#serial);
  }

  openFile(): void {
    this.#fileCount += 1;
  }

  closeFile(): void {
    this.#fileCount -= 1;
    if (this.#fileCount === 0 && this.#name === undefined) this.#cut();
  }

  read(target: Uint8Array, offset: number): number {
    return this.#call(() => this.#handle.read(target, { at: CONTENT_OFFSET + offset }));
  }

  write(source: Uint8Array, offset: number): number {
    return this.#call(() => this.#handle.write(source, { at: CONTENT_OFFSET + offset }));
  }

  truncate(size: number): void {
    this.#call(() => this.#handle.truncate(CONTENT_OFFSET + size));
  }

  flush(): void {
    this.#call(() => this.#handle.flush());
    this.#isNameSynced = true;
    this.#syncedPlace = this.#place;
  }

  close(): void {
    this.#handle.close();
  }

  /** Gives the space back. */
  #cut(): void {
    this.truncate(0);
    this.#writeRecord(undefined, this.#serial);
  }

  #writeRecord(name: string | undefined, serial: number): void {
    if (this.#syncedPlace === undefined) this.flush();
    const place = this.#syncedPlace === 0 ? 1 : 0;
    const record = encodeSlotRecord({ serial, name });
    const count = this.#call(() => this.#handle.write(record, { at: RECORD_OFFSETS[place] }));
    if (count < record.length) throw errnoError('ENOSPC', 'a record of the pool was cut short');
    this.#isDoubled = serial === this.#serial;
    this.#isNameSynced = this.#isDoubled;
    this.#name = name;
    this.#serial = serial;
    this.#place = place;
  }

  #call<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (errorName(error) !== 'InvalidStateError') throw error;
      this.#onLost(error);
      throw Object.assign(errnoError('EIO', 'the browser has closed the files'), { cause: error });
    }
  }
}
