/** What every request of one client is answered with. */
import { LimitError } from '../errors.ts';
import type { RangeOptions } from '../options.ts';
import type { Environment } from '../store/environment.ts';
import type { Inside } from '../store/inside.ts';
import type { Store } from '../store.ts';
import type { Admission } from './admission.ts';
import type { Holdings, ServedTransaction } from './holdings.ts';
import type { Outbox } from './outbox.ts';
import type { CheckedPolicy } from './policy.ts';
import type { AnswerOf, RequestOf, RequestType, WireSelection } from './protocol.ts';
import { overloaded } from './refusal.ts';
import type { Unanswered } from './unanswered.ts';

export interface Desk {
  readonly store: Store;
  readonly inside: Inside;
  readonly policy: CheckedPolicy;
  readonly admission: Admission;
  readonly holdings: Holdings;
  readonly outbox: Outbox;
  readonly unanswered: Unanswered;
  readonly environment: Environment;
  /** How much of what was sent the other side has, as far as it has said. */
  received(): number;
  /** Of requests for long work, by id: what stops them. */
  readonly stops: Map<number, AbortController>;
}

/** A large answer that comes later is made when it is sent: many that wait would have no bound. */
export type LateAnswer<T extends RequestType> = AnswerOf<T> | (() => AnswerOf<T>);

export type Handler<T extends RequestType> = (
  desk: Desk,
  request: RequestOf<T>,
) => AnswerOf<T> | Promise<LateAnswer<T>>;

export type Handlers<T extends RequestType> = { readonly [K in T]: Handler<K> };

export function isBehind({ policy, outbox, received }: Desk): boolean {
  return outbox.sent - received() > policy.limits.unreceivedBytes;
}

/** Throws OVERLOADED. */
export function requireReceiving(desk: Desk): void {
  if (isBehind(desk)) throw overloaded('what was sent was not received: receive it first');
}

export function toRangeOptions(selection: WireSelection): RangeOptions<Uint8Array> {
  const { start, end, isReverse, limit, offset } = selection;
  return {
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(limit === undefined ? {} : { limit }),
    reverse: isReverse,
    offset,
  };
}

export function boundsSize({ start, end }: WireSelection): number {
  return (start?.length ?? 0) + (end?.length ?? 0);
}

/** Throws LIMIT. */
export function addSteps({ policy }: Desk, served: ServedTransaction, count: number): void {
  served.steps += count;
  const most = policy.limits.transactionSteps;
  if (served.steps <= most) return;
  throw new LimitError(`a transaction may read, lock and save at most ${most} times`);
}

/** Of what it has sent: writes, and keys that are remembered. Throws LIMIT. */
export function addBytes({ policy }: Desk, served: ServedTransaction, size: number): void {
  served.bytes += size;
  const most = policy.limits.commitBytes;
  if (served.bytes <= most) return;
  throw new LimitError(`a transaction may send at most ${most} bytes of writes and keys: split it`);
}
