/** A tab joins those that share a store. */
import type { OnewalError } from '../errors.ts';
import { checkSignal } from '../options.ts';
import { type Hold, StoreHolder } from './holder.ts';
import { Link } from './link.ts';
import { nobodyAnswers, portClosed } from './refusal.ts';
import { type CheckedShare, checkShare, type ShareOptions } from './share-options.ts';
import { SharedPlace, SharedStore } from './shared-store.ts';
import { Tab } from './tab.ts';
import { browserTab, type TabHost } from './tab-host.ts';
import { holdInWorker } from './worker-holder.ts';

/**
 * The store that all tabs of this origin share under `name`. One of them has it open; when that one
 * is gone, another opens it, and this handle goes on.
 *
 * Rejects with what opening throws where it was this tab's turn, PORT_CLOSED when nobody had the store
 * open within `timeout`, PROTOCOL when the owner is of another version, ABORTED, INVALID_ARGUMENT. The
 * tab takes part no more then.
 */
export async function shareStore(name: string, options: ShareOptions): Promise<SharedStore> {
  return joinTabs(name, options, browserTab());
}

/** The same, with what a browser gives as a parameter. */
export async function joinTabs(
  name: string,
  options: ShareOptions,
  host: TabHost,
): Promise<SharedStore> {
  const checked = checkShare(name, options);
  const { timeout, silence, signal, logger } = checked;
  const place = new SharedPlace();
  const link = new Link({ patience: timeout, onCut: (why) => tab.onCut(why) });
  const isConnected = new Promise<void>((resolve) => place.listeners.add(() => resolve()));
  const tab: Tab = new Tab({
    ...{ name: `onewal tabs ${name}`, host, link, silence },
    hold: holdOf(checked, host),
    onOwner: (owner, why) => place.change(owner, why),
  });
  const stop = (): void => link.end(portClosed('sharing the store was aborted', signal?.reason));
  signal?.addEventListener('abort', stop);
  const late = (): void => link.end(nobodyAnswers(timeout));
  const stopTimer = timeout === 0 ? () => undefined : host.timer(timeout, late);
  void link.closed
    .then(() => tab.leave())
    .catch((error: unknown) => {
      logger({ type: 'error', message: 'the store was not closed as it should be', error });
    });
  tab.wake();
  try {
    const ended: OnewalError | undefined = await Promise.race([isConnected, link.closed]).then(
      (why) => why ?? undefined,
    );
    if (ended === undefined) return new SharedStore(link, logger, { tab, place });
    await tab.leave().catch(() => undefined);
    checkSignal(signal);
    throw ended;
  } finally {
    stopTimer();
    signal?.removeEventListener('abort', stop);
  }
}

function holdOf({ open, worker, policy, silence }: CheckedShare, host: TabHost): Hold {
  if (worker !== undefined) return holdInWorker({ host, silence, start: worker });
  return async (turn) => {
    const store = await (open as NonNullable<typeof open>)(turn);
    return new StoreHolder(store, { host, policy, silence });
  };
}
