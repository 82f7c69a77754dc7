/** Who has the store open while a tab is its owner, and serves it to the tabs. */
import type { Environment } from '../store/environment.ts';
import { insideOf } from '../store/inside.ts';
import type { Store } from '../store.ts';
import { PairPort, type TabChannel } from './pair-port.ts';
import type { Policy } from './policy.ts';
import type { PortLike } from './port.ts';
import { type RemoteServer, serve } from './serve.ts';

export interface Turn {
  /**
   * The tab that had the store before does not answer, and does not know that its turn is over: take
   * its lock away where that is safe, as `IndexedDbFileSystem` does.
   */
  readonly displace: boolean;
}

/** A client, and the channel that it waits at. */
export interface Caller {
  readonly tab: string;
  readonly channel: string;
}

export interface Holder {
  /** Resolves when the store is of no use any more, and nobody here has closed it. */
  readonly lost: Promise<unknown>;
  /** For the tab itself. */
  connect(): PortLike;
  /** One that calls again is not where it was before. */
  serve(caller: Caller): void;
  /** Answers what is on its way, and closes the store. */
  close(): Promise<void>;
  /** Lets go of everything before it returns, as a crash would. */
  abandon(): void;
}

/** Rejects with what opening the store throws. */
export type Hold = (turn: Turn, signal: AbortSignal) => Promise<Holder>;

export interface HolderHost {
  channel(name: string): TabChannel;
  pair(): { readonly port1: TabChannel; readonly port2: TabChannel };
  readonly timer: Environment['timer'];
}

/** The store is in this thread. */
export class StoreHolder implements Holder {
  readonly lost: Promise<unknown>;
  readonly #store: Store;
  readonly #parts: { readonly host: HolderHost; readonly policy: Policy; readonly silence: number };
  readonly #servers = new Map<string, RemoteServer>();
  #isClosing = false;

  constructor(
    store: Store,
    parts: { readonly host: HolderHost; readonly policy: Policy; readonly silence: number },
  ) {
    this.#store = store;
    this.#parts = parts;
    this.lost = new Promise((resolve) => {
      const lose = (reason: unknown): void => {
        if (!this.#isClosing) resolve(reason);
      };
      store.on('lost', lose);
      store.on('closed', lose);
    });
  }

  connect(): PortLike {
    const { host } = this.#parts;
    const { port1, port2 } = host.pair();
    this.serveAt(port1, '');
    return this.#portOf(port2);
  }

  serve({ tab, channel }: Caller): void {
    this.serveAt(this.#parts.host.channel(channel), tab);
  }

  /** What the tab has sent to where it was before must not come after what it asks now. */
  serveAt(channel: TabChannel, tab: string): void {
    this.#servers.get(tab)?.close();
    // Pairs find out themselves whether somebody is there.
    const policy = { ...this.#parts.policy, silence: 0 };
    const server = serve(this.#store, this.#portOf(channel), policy);
    this.#servers.set(tab, server);
    void server.closed.then(() => {
      if (this.#servers.get(tab) === server) this.#servers.delete(tab);
    });
  }

  close(): Promise<void> {
    this.#isClosing = true;
    return this.#store.close();
  }

  abandon(): void {
    for (const server of this.#servers.values()) server.close();
    insideOf(this.#store).engine.lock?.abandon?.();
    this.#store.close().catch(() => undefined);
  }

  #portOf(channel: TabChannel): PairPort {
    const { host, silence } = this.#parts;
    return new PairPort({ channel, silence, timer: host.timer });
  }
}
