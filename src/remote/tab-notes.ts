/** What tabs say to all others on the channel that has the name of their store. */

export type TabNote =
  /** Who looks for the owner, and what names the pair of ends that it wants. */
  | { readonly type: 'knock'; readonly tab: string; readonly pair: string }
  /** The owner is at its end of the pair. */
  | { readonly type: 'ready'; readonly pair: string; readonly owner: string }
  /** It is somebody's turn, and not yet over or not yet begun: wait. */
  | { readonly type: 'wait' }
  | { readonly type: 'owner'; readonly owner: string }
  | { readonly type: 'gone'; readonly owner: string };

/** One end is the owner's, the other that of the tab that has knocked. */
export function pairName(name: string, { pair, owner }: { pair: string; owner: string }): string {
  return `${name} ${pair} ${owner}`;
}

/** Undefined for what is no note: other versions may say something else. */
export function tabNote(message: unknown): TabNote | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return 'type' in message ? (message as TabNote) : undefined;
}
