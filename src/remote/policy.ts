/** What the owner of a store lets the other side of a port do. What is not said is not allowed. */
import { invalid, requireWhole } from '../options.ts';
import { KEY_SIZE_MAX, VALUE_SIZE_MAX } from '../store/limits.ts';

/** `'all'`, names, or who says of a name whether it is meant. */
export type MapRule = 'all' | readonly string[] | ((map: string) => boolean);

export type Privilege =
  | 'checkpoint'
  | 'compact'
  | 'verify'
  | 'setQuota'
  | 'dropMap' // of maps that may be written
  | 'stats' // of maps that may be read, and the figures of the whole store
  | 'info'; // location, identity, what the open found

export interface Policy {
  /** Maps that may be read. Writing needs no reading, but conditions and transactions tell something. */
  readonly read: MapRule;
  readonly write: MapRule;
  /** Default: none of them. */
  readonly allow?: readonly Privilege[];
  readonly limits?: Partial<Limits>;
  /** Requests per second, and how many at once after a pause. Default: as many as come. */
  readonly rate?: { readonly perSecond: number; readonly burst: number };
  /**
   * Milliseconds after which a side that says nothing is taken for gone. 0: never, for ports whose
   * end the host tells. Default 30,000.
   */
  readonly silence?: number;
  /** Milliseconds, for `rate`. Default: the clock of the host. */
  readonly now?: () => number;
}

export interface Limits {
  /** Of an encoded key and an encoded value. Default: those of the store. */
  readonly keyBytes: number;
  readonly valueBytes: number;
  /**
   * Keys and values of one commit and 32 for each write. Of a transaction all that it sends: writes that
   * it undoes, too, and the keys that it reads and locks, which are remembered. A clear with `limit` or
   * `offset` counts as a remove of each key that it comes to, also where it leaves it. Default 64 MiB.
   */
  readonly commitBytes: number;
  /** Of one message, either way. Default 40 MiB. */
  readonly messageBytes: number;
  /** Requests, writes and keys in one message. Default 250,000. */
  readonly messageItems: number;
  /** Open at once. Defaults 64, 64, 64 and 16. */
  readonly views: number;
  readonly transactions: number;
  readonly iterations: number;
  readonly subscriptions: number;
  /** Reads, locks and savepoints of one transaction, each of which is remembered. Default 1,000,000. */
  readonly transactionSteps: number;
  /**
   * Requests that are not answered yet, and what is kept of them: their bytes in messages, and 32 for
   * each write. Defaults 4,096; 128 MiB.
   */
  readonly pending: number;
  readonly pendingBytes: number;
  /** Sent, and not known to be received. Default 64 MiB. */
  readonly unreceivedBytes: number;
  /** Map names, each with its encodings, that one side may use. Default 4,096. */
  readonly maps: number;
  /** Messages that are none, after which the port is closed. Default 8. */
  readonly malformed: number;
}

const MIB = 1 << 20;
const DEFAULT_LIMITS: Limits = {
  keyBytes: KEY_SIZE_MAX,
  valueBytes: VALUE_SIZE_MAX,
  commitBytes: 64 * MIB,
  messageBytes: 40 * MIB,
  messageItems: 250_000,
  views: 64,
  transactions: 64,
  iterations: 64,
  subscriptions: 16,
  transactionSteps: 1_000_000,
  pending: 4096,
  pendingBytes: 128 * MIB,
  unreceivedBytes: 64 * MIB,
  maps: 4096,
  malformed: 8,
};
const LIMIT_NAMES: ReadonlySet<string> = new Set(Object.keys(DEFAULT_LIMITS));
const SILENCE_DEFAULT = 30_000;
const PRIVILEGES: ReadonlySet<unknown> = new Set<Privilege>([
  ...(['checkpoint', 'compact', 'verify', 'setQuota', 'dropMap', 'stats', 'info'] as const),
]);
const POLICY_NAMES = new Set(['read', 'write', 'allow', 'limits', 'rate', 'silence', 'now']);

export interface CheckedPolicy {
  mayRead(map: string): boolean;
  mayWrite(map: string): boolean;
  /** Of a rule that is a function nobody knows whether there is a map that it allows. */
  readonly mayWriteAll: boolean;
  readonly allow: ReadonlySet<Privilege>;
  readonly limits: Limits;
  readonly bucket: TokenBucket | undefined;
  readonly silence: number;
}

/** Throws INVALID_ARGUMENT. */
export function checkPolicy(policy: Policy): CheckedPolicy {
  if (typeof policy !== 'object' || policy === null) throw invalid('a policy is an object');
  const unknown = Object.keys(policy).find((name) => !POLICY_NAMES.has(name));
  if (unknown !== undefined) throw invalid(`a policy has no ${JSON.stringify(unknown)}`);
  const stranger = (policy.allow ?? []).find((privilege) => !PRIVILEGES.has(privilege));
  if (stranger !== undefined) throw invalid(`there is no privilege ${JSON.stringify(stranger)}`);
  return {
    mayRead: checkRule('read', policy.read),
    mayWrite: checkRule('write', policy.write),
    mayWriteAll: policy.write === 'all',
    allow: new Set(policy.allow),
    limits: checkLimits(policy.limits ?? {}),
    bucket: checkRate(policy),
    silence: requireWhole('silence', policy.silence ?? SILENCE_DEFAULT, 0),
  };
}

function checkRule(name: string, rule: MapRule): (map: string) => boolean {
  if (rule === 'all') return () => true;
  if (typeof rule === 'function') return (map) => rule(map) === true;
  if (!Array.isArray(rule)) throw invalid(`${name} is 'all', a list of maps, or a function`);
  const names = new Set<string>(rule);
  return (map) => names.has(map);
}

function checkLimits(limits: Partial<Limits>): Limits {
  for (const [name, limit] of Object.entries(limits)) {
    if (!LIMIT_NAMES.has(name)) throw invalid(`there is no limit ${name}`);
    requireWhole(name, limit, 0);
  }
  return { ...DEFAULT_LIMITS, ...limits };
}

function checkRate({ rate, now = () => Date.now() }: Policy): TokenBucket | undefined {
  if (rate === undefined) return undefined;
  const { perSecond, burst } = rate;
  if (!(perSecond > 0) || !Number.isFinite(perSecond)) throw invalid('rate.perSecond is above 0');
  return new TokenBucket({ perSecond, burst: requireWhole('rate.burst', burst, 1), now });
}

/** As many as flow in, and no more than it holds. */
class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  constructor(rate: { readonly perSecond: number; readonly burst: number; now(): number }) {
    this.#perSecond = rate.perSecond;
    this.#burst = rate.burst;
    this.#now = rate.now;
    this.#left = rate.burst;
    this.#filledAt = rate.now();
  }

  /** Takes one, if one is there. A clock that goes back fills nothing. */
  take(): boolean {
    const now = this.#now();
    const passed = Math.max(0, now - this.#filledAt);
    this.#filledAt = now;
    this.#left = Math.min(this.#burst, this.#left + (passed * this.#perSecond) / 1000);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
