/** The worker's side of a store that tabs share: its script calls this, and is started by a tab. */
import type { Store } from '../store.ts';
import { toFailure } from './error-field.ts';
import { StoreHolder, type Turn } from './holder.ts';
import { checkPolicy, type Policy } from './policy.ts';
import { FULL_POLICY } from './share-options.ts';
import { browserTab } from './tab-host.ts';
import { type FromWorker, noteOf, type ToWorker } from './worker-notes.ts';

export interface WorkerShare {
  /** Called once, when it is the turn of the tab: opens the store. */
  readonly open: (turn: Turn) => Store | Promise<Store>;
  /** What tabs may do. Default: everything, since all of them are of one origin. */
  readonly policy?: Policy;
}

/** The global scope of a dedicated worker. */
export interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/**
 * Opens the store when the tab that has started this worker becomes the owner, and serves it to all
 * tabs. Call it before anything is awaited. Throws INVALID_ARGUMENT.
 */
export function shareFromWorker(
  { open, policy = FULL_POLICY }: WorkerShare,
  scope: WorkerScope = globalThis as unknown as WorkerScope,
): void {
  checkPolicy(policy);
  const tell = (note: FromWorker): void => scope.postMessage({ onewal: note });
  let holder: StoreHolder | undefined;
  const start = async ({ displace, silence }: ToWorker & { type: 'open' }): Promise<void> => {
    try {
      const store = await open({ displace });
      holder = new StoreHolder(store, { host: browserTab(), policy, silence });
      void holder.lost.then((reason) => tell({ type: 'lost', reason: String(reason) }));
      tell({ type: 'opened' });
    } catch (error) {
      tell({ type: 'refused', failure: toFailure(error) });
    }
  };
  const close = async (): Promise<void> => {
    const failure = await holder?.close().then(() => undefined, toFailure);
    tell({ type: 'closed', failure });
  };
  scope.addEventListener('message', ({ data }) => {
    const note = noteOf<ToWorker>(data);
    if (note?.type === 'open') void start(note);
    else if (note?.type === 'connect') holder?.serveAt(note.port, '');
    else if (note?.type === 'serve') holder?.serve(note);
    else if (note?.type === 'close') void close();
  });
  tell({ type: 'started' });
}
