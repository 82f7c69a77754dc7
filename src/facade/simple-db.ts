/**
 * The shape of SimpleDb: text keys, binary values, a byte limit, recovery that leaves corrupt
 * records out and counts them. docs/simple-db.md says what is different here, and why.
 */
import { type LossReport, QuotaError } from '../errors.ts';
import type { FileSystem } from '../fs/file-system.ts';
import type { StoreOptions } from '../options.ts';
import type { RecoveryReport } from '../store/recovered.ts';
import type { StoreMap } from '../store/store-map.ts';
import { Store } from '../store.ts';

export interface SimpleDbOptions extends Omit<StoreOptions, 'quota'> {
  /** As by `setByteLimit`. Absent: what the database has. */
  readonly byteLimit?: number;
}

/** Since this `SimpleDb` was opened. */
export interface SimpleDbCounters {
  /** Writes refused by the byte limit or by a full disk, and checkpoints that found no room. */
  readonly storage_disk_full_total: number;
  /** Commits that the open left out because their records were corrupt. */
  readonly wal_corrupt_recovery_total: number;
}

const MAP_NAME = 'simple-db';

export class SimpleDb {
  readonly #store: Store;
  readonly #entries: StoreMap<string, Uint8Array>;
  readonly #skippedCommits: number;
  #limitRefusals = 0;

  private constructor(store: Store) {
    this.#store = store;
    this.#entries = store.map(MAP_NAME, { key: 'utf8', value: 'binary' });
    this.#skippedCommits = skippedCommits(store);
  }

  /**
   * Corrupt records are left out, copied to quarantine first and reported in `loss`, unless
   * `recovery` says otherwise. Throws as `Store.open` does: what is not there to be skipped, such
   * as a database without any sound base, is refused and never taken for an empty one.
   */
  static async open(
    location: string | FileSystem,
    options: SimpleDbOptions = {},
  ): Promise<SimpleDb> {
    const { byteLimit, ...rest } = options;
    const quota = byteLimit === undefined ? {} : { quota: { bytes: byteLimit } };
    const store = await Store.open(location, { recovery: 'skip-corrupt', ...rest, ...quota });
    try {
      return new SimpleDb(store);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** What the open found, and what it did about it. */
  get recovery(): RecoveryReport {
    return this.#store.info.recovery;
  }

  /** What was left out, by this open or an earlier one, until `acknowledgeLoss`. */
  get loss(): LossReport | undefined {
    return this.#store.info.loss;
  }

  get counters(): SimpleDbCounters {
    return {
      storage_disk_full_total: this.#store.stats().storage_disk_full_total + this.#limitRefusals,
      wal_corrupt_recovery_total: this.#skippedCommits,
    };
  }

  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  /** In the order of their UTF-8 bytes; all keys for an empty prefix. */
  keysWithPrefix(prefix: string): string[] {
    return [...this.#entries.getKeys({ prefix })];
  }

  /**
   * Resolves when the value is on the medium; only then `get` shows it. QUOTA_EXCEEDED when it
   * would pass the byte limit: nothing was logged. Else as `Store.batch`.
   */
  async tryInsert(key: string, value: Uint8Array): Promise<void> {
    try {
      await this.#entries.put(key, value);
    } catch (error) {
      if (error instanceof QuotaError) this.#limitRefusals++;
      throw error;
    }
  }

  /** A missing key is fine; the byte limit never refuses it, and a full disk has room for it. */
  async tryRemove(key: string): Promise<void> {
    await this.#entries.remove(key);
  }

  /** Writes a snapshot of what none holds yet: the next open has nothing to replay. */
  async tryFlush(): Promise<void> {
    await this.#store.checkpoint();
  }

  /** Bytes of keys and values, kept in the database. Below what is used, only growth is refused. */
  async setByteLimit(bytes: number): Promise<void> {
    await this.#store.setQuota({ bytes });
  }

  /** The report in `loss` was seen by somebody: it is not shown again. */
  async acknowledgeLoss(): Promise<void> {
    const { loss } = this;
    if (loss !== undefined) await this.#store.acknowledgeLoss(loss.id);
  }

  /** Safe to call twice. */
  close(): Promise<void> {
    return this.#store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A report of an earlier open stays in `info.loss`: only what this one did counts. */
function skippedCommits({ info }: Store): number {
  const { decision } = info.recovery;
  if (decision !== 'skip' && decision !== 'roll back') return 0;
  return Math.max(1, info.loss?.commitsLost ?? 0);
}
