/**
 * Closes snapshot files that nobody reads any more. A range or a view may outlive the compaction
 * that replaced its snapshots; when the last of them is collected, so is the reader, and its file
 * is closed. Where a host cannot tell, files stay open until the store is closed.
 */
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';

interface Registry {
  register(target: object, token: object): void;
}

export class SnapshotHandles {
  readonly #closers = new Map<object, () => void>();
  readonly #registry: Registry | undefined;

  constructor() {
    this.#registry =
      typeof FinalizationRegistry === 'function'
        ? new FinalizationRegistry((token: object) => this.#close(token))
        : undefined;
  }

  get openCount(): number {
    return this.#closers.size;
  }

  watch(reader: SnapshotReader): void {
    const token = {};
    this.#closers.set(token, reader.closer());
    this.#registry?.register(reader, token);
  }

  closeAll(): void {
    for (const token of [...this.#closers.keys()]) this.#close(token);
  }

  #close(token: object): void {
    const close = this.#closers.get(token);
    this.#closers.delete(token);
    close?.();
  }
}
