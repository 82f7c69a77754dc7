/** What tabs use of a browser to find each other: channels, a queue of the origin, and when a page sleeps. */
import { invalid } from '../options.ts';
import { hostEnvironment } from '../store/host.ts';
import type { HolderHost } from './holder.ts';
import { lockQueue, type OwnerQueue, type TabLocks } from './owner-queue.ts';
import type { TabChannel } from './pair-port.ts';

export interface TabHost extends HolderHost {
  /** For a name that tabs have in common: who may be the owner. */
  queue(name: string): OwnerQueue;
  /** Tells when the page is about to stop running, and when it runs again. Returns what ends that. */
  watch(listener: { onSleep(): void; onWake(): void }): () => void;
  /** A name that nobody else has. */
  uniqueName(): string;
}

interface Events {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

interface BrowserScope {
  readonly BroadcastChannel?: new (name: string) => TabChannel;
  readonly MessageChannel: new () => { readonly port1: TabChannel; readonly port2: TabChannel };
  readonly navigator?: { readonly locks?: TabLocks };
  /** Of pages alone. */
  readonly document?: Events;
}

const NAME_SIZE = 12;

/** Throws INVALID_ARGUMENT where there are no Web Locks: no tab would know whose turn it is. */
export function browserTab(): TabHost {
  const scope = globalThis as unknown as BrowserScope;
  const locks = scope.navigator?.locks;
  if (locks === undefined) {
    throw invalid(
      'this host has no Web Locks, by which tabs know whose turn it is: open the store in one tab',
    );
  }
  const { timer, randomBytes } = hostEnvironment();
  return {
    timer,
    channel: (name) => {
      const channel = scope.BroadcastChannel && new scope.BroadcastChannel(name);
      return channel ?? NOBODY;
    },
    pair: () => new scope.MessageChannel(),
    queue: (name) => lockQueue(locks, name),
    watch: (listener) => (scope.document === undefined ? () => undefined : watchPage(listener)),
    uniqueName: () => {
      const bytes = randomBytes(NAME_SIZE);
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
  };
}

/** Where tabs cannot reach each other each is alone. */
const NOBODY: TabChannel = {
  postMessage: () => undefined,
  addEventListener: () => undefined,
  close: () => undefined,
};

/** `freeze` and `resume` where there are, and the cache of pages that one may go back to. */
function watchPage({ onSleep, onWake }: { onSleep(): void; onWake(): void }): () => void {
  const page = globalThis as unknown as Events & { readonly document: Events };
  const events = [
    [page.document, 'freeze', onSleep],
    [page.document, 'resume', onWake],
    [page, 'pagehide', onSleep],
    [page, 'pageshow', onWake],
  ] as const;
  for (const [target, type, listener] of events) target.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of events) target.removeEventListener(type, listener);
  };
}
