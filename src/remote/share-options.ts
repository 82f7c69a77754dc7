/** What a tab says of the store that it shares, checked. */
import { checkSignal, invalid, requireWhole, type StoreEvent } from '../options.ts';
import type { Store } from '../store.ts';
import type { Turn } from './holder.ts';
import { checkPolicy, type Policy } from './policy.ts';
import type { WorkerLike } from './worker-holder.ts';

/** Either `open` or `worker`. */
export interface ShareOptions {
  /** Called in this tab, each time that it becomes the owner. */
  readonly open?: (turn: Turn) => Store | Promise<Store>;
  /** Starts the worker, whose script calls `shareFromWorker`, each time that this tab becomes the owner. */
  readonly worker?: () => WorkerLike;
  /** What tabs may do, for `open`. Default: everything, since all of them are of one origin. */
  readonly policy?: Policy;
  /** Milliseconds that the first connection, and each request, waits for an owner. Default 30,000; 0: for ever. */
  readonly timeout?: number;
  /** Milliseconds after which a tab that does not answer is taken for gone. Default 10,000. */
  readonly silence?: number;
  readonly signal?: AbortSignal;
  /** Is told what nobody else is: listeners that throw, subscriptions that ended. */
  readonly logger?: (event: StoreEvent) => void;
}

/** For sides that trust each other. */
export const FULL_POLICY: Policy = {
  read: 'all',
  write: 'all',
  allow: ['checkpoint', 'compact', 'verify', 'setQuota', 'dropMap', 'stats', 'info'],
};

const OPTION_NAMES = new Set<string>([
  ...(['open', 'worker', 'policy', 'timeout', 'silence', 'signal', 'logger'] as const),
]);
const TIMEOUT_DEFAULT = 30_000;
const SILENCE_DEFAULT = 10_000;

export type CheckedShare = Pick<ShareOptions, 'open' | 'worker' | 'signal'> &
  Required<Pick<ShareOptions, 'policy' | 'timeout' | 'silence' | 'logger'>>;

/** Throws INVALID_ARGUMENT, ABORTED. */
export function checkShare(name: string, options: ShareOptions): CheckedShare {
  if (typeof name !== 'string' || name === '') throw invalid('a store that is shared has a name');
  const unknown = Object.keys(options).find((option) => !OPTION_NAMES.has(option));
  if (unknown !== undefined) throw invalid(`there is no option ${JSON.stringify(unknown)}`);
  const { open, worker, policy = FULL_POLICY, logger = () => undefined } = options;
  if (typeof (open ?? worker) !== 'function' || (open !== undefined && worker !== undefined)) {
    throw invalid('a store is opened by `open`, or by what `worker` starts');
  }
  checkPolicy(policy);
  checkSignal(options.signal);
  return {
    ...options,
    ...{ policy, logger },
    timeout: requireWhole('timeout', options.timeout ?? TIMEOUT_DEFAULT, 0),
    silence: requireWhole('silence', options.silence ?? SILENCE_DEFAULT, 1),
  };
}
