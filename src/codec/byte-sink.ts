/** A buffer that grows while an encoder appends to it. */
import { dataViewOf } from '../bytes/bytes.ts';
import { copyToSlab } from '../bytes/slab.ts';

const CAPACITY_START = 256;
/** A larger buffer is given back after use: one huge value must not be paid for ever. */
const CAPACITY_KEPT_MAX = 1 << 20;

export class ByteSink {
  bytes: Uint8Array = new Uint8Array(CAPACITY_START);
  view: DataView = dataViewOf(this.bytes);
  size = 0;

  appendByte(byte: number): void {
    this.reserve(1);
    this.bytes[this.size++] = byte;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.size);
    this.size += bytes.length;
  }

  /** False, with nothing appended, when `text` holds anything but ASCII. */
  appendAscii(text: string): boolean {
    this.reserve(text.length);
    const { bytes, size } = this;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return false;
      bytes[size + i] = unit;
    }
    this.size += text.length;
    return true;
  }

  /** A copy of everything appended, in a slab. The sink is empty afterwards. */
  take(): Uint8Array {
    const taken = copyToSlab(this.bytes.subarray(0, this.size));
    this.size = 0;
    if (this.bytes.length > CAPACITY_KEPT_MAX) this.grow(CAPACITY_START);
    return taken;
  }

  /** Makes room for `size` more bytes; `bytes` and `view` may be others afterwards. */
  reserve(size: number): void {
    const needed = this.size + size;
    if (needed > this.bytes.length) this.grow(Math.max(needed, 2 * this.bytes.length));
  }

  private grow(capacity: number): void {
    const bytes = new Uint8Array(capacity);
    bytes.set(this.bytes.subarray(0, this.size));
    this.bytes = bytes;
    this.view = dataViewOf(bytes);
  }
}
