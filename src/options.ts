/** Options of the public API: checked, defaulted and explained once, here. */
import { copyBytes, utf8Encode } from './bytes/bytes.ts';
import { isWellFormed } from './codec/text.ts';
import { UsageError } from './errors.ts';
import { TOKEN_SIZE_MAX } from './wal/record.ts';

/** What a write waits for: until it is on the medium, or until the host has taken it. */
export type Durability = 'synced' | 'buffered';

/**
 * What `open` does about damage.
 *
 * `safe`: opens after any power cut, refuses when acknowledged data is damaged. `strict`: reads
 * everything and refuses any damage, a torn tail too. `point-in-time`: opens the longest sound
 * prefix. `skip-corrupt`: leaves damaged commits out and goes on behind them. Both copy the damaged
 * bytes to quarantine first and report what was lost. `inspect`: only reads, takes no lock, opens
 * whatever can be read.
 */
export type RecoveryMode = 'strict' | 'safe' | 'point-in-time' | 'skip-corrupt' | 'inspect';

export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: 'bytes' | 'entries';
}

export interface StoreEvent {
  readonly type: 'recovered' | 'checkpoint' | 'error' | 'lost' | 'resolved' | 'closed';
  readonly message: string;
  readonly error?: unknown;
}

export interface QuotaOptions {
  /** Bytes of encoded keys and values in the whole store. */
  readonly bytes?: number;
  /** The same for single maps, by name; of a map that is not there yet, from its first use on. */
  readonly maps?: Readonly<Record<string, number>>;
}

export interface StoreOptions {
  /** `open` fails on a missing store when false (NOT_FOUND), on an existing one when 'new' (EXISTS). Default true. */
  readonly create?: boolean | 'new';
  /** Takes no lock and writes nothing; works beside a writer. Default false. */
  readonly readOnly?: boolean;
  readonly recovery?: RecoveryMode;
  /** What a write waits for when it does not say. Default 'synced'. */
  readonly durability?: Durability;
  /** Set when the store is opened, and kept in it. Absent: what the store has. */
  readonly quota?: QuotaOptions;
  /** Bytes of verified snapshot blocks kept in memory. Default 64 MiB. */
  readonly cacheBytes?: number;
  /** WAL or memtable size, in bytes, that starts a checkpoint. Default 64 MiB. */
  readonly checkpointBytes?: number;
  /** Milliseconds to wait for the lock. Default 0. */
  readonly lockTimeout?: number;
  /** Refuse (ROLLED_BACK) a store that is older than this: a restored backup, a cut log. */
  readonly expectAtLeast?: { readonly sequence: number; readonly chain?: string };
  readonly logger?: (event: StoreEvent) => void;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface WriteOptions {
  readonly durability?: Durability;
  /** Names the commit, for `Store.outcomeOf`: 1 to 64 bytes; text is UTF-8. */
  readonly token?: Uint8Array | string;
}

export interface PutOptions extends WriteOptions {
  /** CONFLICT where the key is there. */
  readonly ifAbsent?: true;
  /** CONFLICT unless the entry is there, as this commit has written it. */
  readonly ifSequence?: number;
}

export interface TransactionOptions extends WriteOptions {
  /**
   * `serializable`: what was read (keys, ranges, also what was absent in them) and what is written
   * are checked at the commit. `snapshot`: only what is written. Default 'serializable'.
   */
  readonly isolation?: 'serializable' | 'snapshot';
  /** `pessimistic`: keys are locked as they are written. Default 'optimistic'. */
  readonly mode?: 'optimistic' | 'pessimistic';
  /** How often `store.transaction` runs again after a conflict. Default 3. */
  readonly maxRetries?: number;
  /** Milliseconds to wait for one key. Default 5,000. */
  readonly lockTimeout?: number;
  readonly signal?: AbortSignal;
}

/** For long operations. */
export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface RangeOptions<K> {
  /** The lowest key, also when `reverse` is set; inclusive unless `exclusiveStart`. */
  readonly start?: K;
  /** The key behind the highest; exclusive unless `inclusiveEnd`. */
  readonly end?: K;
  readonly exclusiveStart?: boolean;
  readonly inclusiveEnd?: boolean;
  /** Keys that begin with this one: text that begins so, arrays whose first elements are these. */
  readonly prefix?: K;
  /** From the highest key down. */
  readonly reverse?: boolean;
  /** At most this many entries. */
  readonly limit?: number;
  /** Leave out this many first. */
  readonly offset?: number;
}

export interface CheckedOptions {
  readonly create: boolean | 'new';
  readonly readOnly: boolean;
  readonly recovery: RecoveryMode;
  readonly durability: Durability;
  readonly quota: QuotaOptions;
  readonly cacheBytes: number;
  readonly checkpointBytes: number;
  readonly lockTimeout: number;
  readonly expectAtLeast: { readonly sequence: number; readonly chain?: string } | undefined;
  readonly logger: (event: StoreEvent) => void;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: Progress) => void;
}

const MIB = 1 << 20;
const CACHE_BYTES_DEFAULT = 64 * MIB;
const CHECKPOINT_BYTES_DEFAULT = 64 * MIB;
const CHECKPOINT_BYTES_MIN = 4096;
const RECOVERY_MODES = ['strict', 'safe', 'point-in-time', 'skip-corrupt', 'inspect'] as const;
const DURABILITIES = ['synced', 'buffered'] as const;
const OPTION_NAMES = new Set<string>([
  ...['create', 'readOnly', 'recovery', 'durability', 'quota', 'cacheBytes', 'checkpointBytes'],
  ...['lockTimeout', 'expectAtLeast', 'logger', 'signal', 'onProgress'],
]);
const TRANSACTION_OPTION_NAMES = new Set<string>([
  ...['isolation', 'mode', 'maxRetries', 'lockTimeout', 'signal', 'durability', 'token'],
]);
const MAX_RETRIES_DEFAULT = 3;
const LOCK_TIMEOUT_DEFAULT = 5000;

/** Throws INVALID_ARGUMENT. */
export function checkOptions(options: StoreOptions = {}): CheckedOptions {
  requireObject(options, 'options');
  const unknown = Object.keys(options).find((name) => !OPTION_NAMES.has(name));
  if (unknown !== undefined) throw invalid(`there is no option ${JSON.stringify(unknown)}`);
  const recovery = oneOf('recovery', options.recovery ?? 'safe', RECOVERY_MODES);
  if (options.expectAtLeast !== undefined) {
    requireWhole('expectAtLeast.sequence', options.expectAtLeast.sequence, 0);
  }
  return {
    create: oneOf('create', options.create ?? true, [true, false, 'new'] as const),
    readOnly: recovery === 'inspect' || flag('readOnly', options.readOnly),
    recovery,
    durability: checkDurability(options.durability ?? 'synced'),
    quota: checkQuotaOptions(options.quota ?? {}),
    cacheBytes: requireWhole('cacheBytes', options.cacheBytes ?? CACHE_BYTES_DEFAULT, 0),
    checkpointBytes: requireWhole(
      'checkpointBytes',
      options.checkpointBytes ?? CHECKPOINT_BYTES_DEFAULT,
      CHECKPOINT_BYTES_MIN,
    ),
    lockTimeout: requireWhole('lockTimeout', options.lockTimeout ?? 0, 0),
    expectAtLeast: options.expectAtLeast,
    logger: options.logger ?? (() => undefined),
    signal: options.signal,
    onProgress: guardProgress(options.onProgress, options.logger),
  };
}

/** What only watches must not decide: if it throws, the logger hears of it, and the work goes on. */
export function guardProgress(
  onProgress: ((progress: Progress) => void) | undefined,
  logger: ((event: StoreEvent) => void) | undefined,
): (progress: Progress) => void {
  if (onProgress === undefined) return () => undefined;
  return (progress) => {
    try {
      onProgress(progress);
    } catch (error) {
      logger?.({ type: 'error', message: 'onProgress threw', error });
    }
  };
}

export interface CheckedTransactionOptions {
  readonly isolation: 'serializable' | 'snapshot';
  readonly mode: 'optimistic' | 'pessimistic';
  readonly maxRetries: number;
  readonly lockTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly write: WriteOptions;
}

/** Throws INVALID_ARGUMENT. */
export function checkTransactionOptions(
  options: TransactionOptions = {},
): CheckedTransactionOptions {
  requireObject(options, 'options');
  const unknown = Object.keys(options).find((name) => !TRANSACTION_OPTION_NAMES.has(name));
  if (unknown !== undefined) throw invalid(`there is no option ${JSON.stringify(unknown)}`);
  const { isolation, mode, maxRetries, lockTimeout, signal, ...write } = options;
  if (write.durability !== undefined) checkDurability(write.durability);
  const token = write.token === undefined ? {} : { token: checkToken(write.token) };
  return {
    isolation: oneOf('isolation', isolation ?? 'serializable', ['serializable', 'snapshot']),
    mode: oneOf('mode', mode ?? 'optimistic', ['optimistic', 'pessimistic']),
    maxRetries: requireWhole('maxRetries', maxRetries ?? MAX_RETRIES_DEFAULT, 0),
    lockTimeout: requireWhole('lockTimeout', lockTimeout ?? LOCK_TIMEOUT_DEFAULT, 0),
    signal,
    write: { ...write, ...token },
  };
}

export function checkDurability(durability: unknown): Durability {
  return oneOf('durability', durability as Durability, DURABILITIES);
}

/** The bytes of a token. Throws INVALID_ARGUMENT. */
export function checkToken(token: unknown): Uint8Array {
  if (typeof token === 'string' && isWellFormed(token)) return checkToken(utf8Encode(token));
  if (token instanceof Uint8Array && token.length > 0 && token.length <= TOKEN_SIZE_MAX) {
    return copyBytes(token);
  }
  throw invalid(`a token is text or bytes, of 1 to ${TOKEN_SIZE_MAX} bytes`);
}

export function checkQuotaOptions(quota: QuotaOptions): QuotaOptions {
  requireObject(quota, 'quota');
  if (quota.bytes !== undefined) requireWhole('quota.bytes', quota.bytes, 0);
  for (const [name, bytes] of Object.entries(quota.maps ?? {})) {
    requireWhole(`quota.maps[${JSON.stringify(name)}]`, bytes, 0);
  }
  return quota;
}

export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new UsageError('ABORTED', 'the caller aborted the operation', { cause: signal.reason });
  }
}

/** A whole number that is not below `min`. */
export function requireWhole(name: string, value: unknown, min: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value;
  throw invalid(`${name} is ${String(value)}, where a whole number from ${min} on is expected`);
}

function requireObject(value: unknown, name: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw invalid(`${name} is ${String(value)}, where an object is expected`);
}

export function invalid(message: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', message);
}

function flag(name: string, value: unknown): boolean {
  return oneOf(name, (value ?? false) as boolean, [true, false] as const);
}

function oneOf<T extends string | boolean>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw invalid(`${name} is ${String(value)}, where one of ${allowed.join(', ')} is expected`);
}
