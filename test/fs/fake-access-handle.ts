/**
 * A file of a browser on a medium that loses power: what was not flushed is there, or not, or in
 * part, each write and each cut by itself.
 */
import { copyBytes } from '../../src/bytes/bytes.ts';
import type { AccessHandle } from '../../src/fs/browser.ts';
import { seededNumbers } from '../support/seeded.ts';

type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };

export class FakeAccessHandle implements AccessHandle {
  #content: Uint8Array;
  #durable: Uint8Array;
  #unsynced: Change[] = [];
  #onClose: () => void = () => undefined;
  isClosed = false;
  /** Calls that change the file, so far. */
  changeCount = 0;
  /** Throws instead of the change after so many. */
  changeCountMax = Infinity;

  constructor(content: Uint8Array = new Uint8Array(0)) {
    this.#content = content;
    this.#durable = content;
  }

  read(target: Uint8Array, { at }: { readonly at: number }): number {
    this.#check();
    const part = this.#content.subarray(at, at + target.length);
    target.set(part);
    return part.length;
  }

  write(source: Uint8Array, { at }: { readonly at: number }): number {
    this.#change({ at, bytes: copyBytes(source) });
    return source.length;
  }

  truncate(size: number): void {
    this.#change({ size });
  }

  getSize(): number {
    this.#check();
    return this.#content.length;
  }

  flush(): void {
    this.#check();
    this.#count();
    this.#durable = this.#content;
    this.#unsynced = [];
  }

  close(): void {
    this.isClosed = true;
    this.#onClose();
  }

  get content(): Uint8Array {
    return this.#content;
  }

  /** The same file, opened by somebody else. What was not flushed stays in doubt. */
  reopened(onClose: () => void): FakeAccessHandle {
    const handle = new FakeAccessHandle(this.#content);
    handle.#durable = this.#durable;
    handle.#unsynced = [...this.#unsynced];
    handle.#onClose = onClose;
    return handle;
  }

  /** What the medium may hold after a power cut, by chance. */
  afterPowerCut(seed: number): FakeAccessHandle {
    const next = seededNumbers(seed);
    let content = this.#durable;
    for (const change of this.#unsynced) {
      const fate = next() % 3;
      if (fate === 0) continue;
      content = applied(content, fate === 1 ? torn(change, next()) : change);
    }
    return new FakeAccessHandle(content);
  }

  #change(change: Change): void {
    this.#check();
    this.#count();
    this.#content = applied(this.#content, change);
    this.#unsynced.push(change);
  }

  #count(): void {
    if (this.changeCount >= this.changeCountMax) throw new Error('the power is off');
    this.changeCount += 1;
  }

  #check(): void {
    if (this.isClosed) throw new DOMException('closed', 'InvalidStateError');
  }
}

function torn(change: Change, chance: number): Change {
  if (!('bytes' in change)) return change;
  return { ...change, bytes: change.bytes.subarray(0, chance % change.bytes.length) };
}

function applied(content: Uint8Array, change: Change): Uint8Array {
  const end = 'size' in change ? change.size : change.at + change.bytes.length;
  const result = new Uint8Array('size' in change ? end : Math.max(end, content.length));
  result.set(content.subarray(0, result.length));
  if ('bytes' in change) result.set(change.bytes, change.at);
  return result;
}
