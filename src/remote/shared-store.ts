/** The store that several tabs share, as each of them has it. */
import type { OnewalError } from '../errors.ts';
import { invalid, type StoreEvent } from '../options.ts';
import type { CommitEvent } from '../store/listeners.ts';
import type { Link } from './link.ts';
import { RemoteStore, type ReportType } from './remote-store.ts';
import type { OwnerPlace, Tab } from './tab.ts';

export interface OwnerEvent {
  readonly type: 'owner';
  readonly owner: OwnerPlace;
  readonly message: string;
  /** Where it is nowhere: why. */
  readonly error?: OnewalError;
}

/**
 * As `RemoteStore`, and it stays valid when another tab becomes the owner. `closed` resolves when
 * this tab has closed it, or cannot take part any more: to why.
 */
export class SharedStore extends RemoteStore {
  readonly #tab: Tab;
  readonly #place: { current: OwnerPlace; readonly listeners: Set<(event: OwnerEvent) => void> };

  /** Use `shareStore`. */
  constructor(
    link: Link,
    logger: (event: StoreEvent) => void,
    { tab, place }: { readonly tab: Tab; readonly place: SharedPlace },
  ) {
    super(link, logger);
    this.#tab = tab;
    this.#place = place;
  }

  /** In this tab, in another one, or nowhere that is known: then requests wait. */
  get owner(): OwnerPlace {
    return this.#place.current;
  }

  /** As that of `RemoteStore`, over changes of the owner; those are told as `'owner'`. */
  override on(
    type: 'commit',
    listener: (event: CommitEvent) => void,
    options?: { readonly maps?: readonly string[] },
  ): Promise<() => void>;
  override on(type: ReportType, listener: (event: StoreEvent) => void): Promise<() => void>;
  override on(type: 'owner', listener: (event: OwnerEvent) => void): Promise<() => void>;
  override async on(
    type: 'commit' | 'owner' | ReportType,
    listener: (event: never) => void,
    options?: { readonly maps?: readonly string[] },
  ): Promise<() => void> {
    if (type !== 'owner') return super.on(type as 'commit', listener as never, options);
    if (typeof listener !== 'function') throw invalid('a listener is a function');
    const { listeners } = this.#place;
    const own = (event: OwnerEvent): void => this.tell(listener as never, event);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  /** Waits for writes that are on their way. Where this tab is the owner, the next one becomes it. */
  override async close(): Promise<void> {
    await super.close();
    await this.#tab.leave();
  }
}

/** Where the owner is, and who wants to know. */
export class SharedPlace {
  current: OwnerPlace = 'nowhere';
  readonly listeners = new Set<(event: OwnerEvent) => void>();

  change(owner: OwnerPlace, error?: OnewalError): void {
    if (owner === this.current) return;
    this.current = owner;
    const message = MESSAGES[owner];
    const event: OwnerEvent = {
      ...{ type: 'owner', owner, message },
      ...(error === undefined ? {} : { error }),
    };
    for (const listener of [...this.listeners]) listener(event);
  }
}

const MESSAGES: Readonly<Record<OwnerPlace, string>> = {
  here: 'this tab has the store open',
  elsewhere: 'another tab has the store open',
  nowhere: 'the tab that had the store open is gone',
};
