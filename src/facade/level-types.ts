/** What the methods of a Level database take and give, beyond what abstract-level says itself. */
import {
  type AbstractBatchOperation,
  type AbstractBatchOptions,
  type AbstractClearOptions,
  type AbstractDatabaseOptions,
  type AbstractDelOptions,
  AbstractLevel,
  type AbstractOpenOptions,
  type AbstractPutOptions,
} from 'abstract-level';
import type { StoreOptions } from '../options.ts';
import type { Encoded } from './level-format.ts';

export interface SyncOption {
  /**
   * True: the write resolves when it is on the medium; false: when the operating system has it.
   * Absent: as `durability` of the database says, which is 'synced' unless it was given.
   */
  readonly sync?: boolean | undefined;
}

/** Those of the store, but `create`: Level has `createIfMissing` and `errorIfExists` for that. */
export interface OnewalOpenOptions extends AbstractOpenOptions, Omit<StoreOptions, 'create'> {}

export interface OnewalLevelOptions<K, V>
  extends AbstractDatabaseOptions<K, V>,
    Omit<StoreOptions, 'create'> {}

/** What the methods of abstract-level take beyond its own options. */
interface OwnOptions<KDefault, VDefault> {
  open(options: OnewalOpenOptions): Promise<void>;
  put<K = KDefault, V = VDefault>(
    key: K,
    value: V,
    options: AbstractPutOptions<K, V> & SyncOption,
  ): Promise<void>;
  del<K = KDefault>(key: K, options: AbstractDelOptions<K> & SyncOption): Promise<void>;
  batch<K = KDefault, V = VDefault>(
    operations: AbstractBatchOperation<AbstractLevel<Encoded, KDefault, VDefault>, K, V>[],
    options: AbstractBatchOptions<K, V> & SyncOption,
  ): Promise<void>;
  clear<K = KDefault>(options: AbstractClearOptions<K> & SyncOption): Promise<void>;
}

type Levels = new <K, V>(
  ...parameters: ConstructorParameters<typeof AbstractLevel<Encoded, K, V>>
) => AbstractLevel<Encoded, K, V> & OwnOptions<K, V>;

/** AbstractLevel itself, by the types of what OnewalLevel adds to its options. */
export const DurableLevel = AbstractLevel as unknown as Levels;
