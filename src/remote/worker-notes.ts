/** What a tab and the worker that holds the store for it say to each other, beside what they serve. */
import type { WireFailure } from './error-field.ts';
import type { TabChannel } from './pair-port.ts';

export type ToWorker =
  | { readonly type: 'open'; readonly displace: boolean; readonly silence: number }
  | { readonly type: 'connect'; readonly port: TabChannel }
  | { readonly type: 'serve'; readonly tab: string; readonly channel: string }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'started' }
  | { readonly type: 'opened' }
  | { readonly type: 'refused'; readonly failure: WireFailure }
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'closed'; readonly failure: WireFailure | undefined };

/** Others may send through the same worker. */
export function noteOf<T extends ToWorker | FromWorker>(message: unknown): T | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return (message as { readonly onewal?: T }).onewal;
}
