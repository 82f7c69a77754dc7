/**
 * One of several tabs that share a store: it waits for its turn to be the owner, and asks whoever is
 * until then. That two believe to be the owner cannot be ruled out, and need not be: the lock of the
 * store itself lets only one of them commit.
 */
import { LockedError, type OnewalError, StorageError } from '../errors.ts';
import type { Hold, Holder } from './holder.ts';
import type { Link } from './link.ts';
import type { OwnerQueue, QueueTurn } from './owner-queue.ts';
import type { TabChannel } from './pair-port.ts';
import { portClosed } from './refusal.ts';
import { Seeker } from './seeker.ts';
import type { TabHost } from './tab-host.ts';
import { pairName, type TabNote, tabNote } from './tab-notes.ts';

/** Where the owner of the store is, as seen from a tab. */
export type OwnerPlace = 'here' | 'elsewhere' | 'nowhere';

interface TabParts {
  readonly name: string;
  readonly host: TabHost;
  readonly link: Link;
  readonly silence: number;
  readonly hold: Hold;
  onOwner(place: OwnerPlace, why?: OnewalError): void;
}

interface Reign {
  readonly id: string;
  readonly holder: Holder;
  end(): void;
}

/** While the store is locked by whoever had it before. */
const RETRY_MS = 250;
/** Unanswered knocks, after which whoever has the turn is taken for unable to hear. */
const DEAF_TICKS = 5;

export class Tab {
  readonly #parts: TabParts;
  readonly #id: string;
  readonly #queue: OwnerQueue;
  readonly #seeker: Seeker;
  readonly #stopWatching: () => void;
  #hub: TabChannel | undefined;
  #awake = new AbortController();
  #turn: QueueTurn | undefined;
  #reign: Reign | undefined;
  #steal: () => void = () => undefined;
  #leaving: Promise<void> | undefined;

  constructor(parts: TabParts) {
    const { name, host, link, silence } = parts;
    this.#parts = parts;
    this.#id = host.uniqueName();
    this.#queue = host.queue(name);
    this.#seeker = new Seeker({
      ...{ name, link, silence, tab: this.#id, timer: host.timer },
      channel: (channel) => host.channel(channel),
      uniqueName: () => host.uniqueName(),
      post: (note) => this.#hub?.postMessage(note),
      onConnected: () => parts.onOwner('elsewhere'),
      onSilence: (ticks) => {
        if (ticks >= DEAF_TICKS) this.#steal();
      },
    });
    this.#stopWatching = host.watch({ onSleep: () => this.sleep(), onWake: () => this.wake() });
  }

  /** Takes part; again, after a sleep. */
  wake(): void {
    if (this.#hub !== undefined || this.#leaving !== undefined) return;
    this.#awake = new AbortController();
    this.#hub = this.#parts.host.channel(this.#parts.name);
    this.#hub.addEventListener('message', ({ data }) => {
      const note = tabNote(data);
      if (note !== undefined) this.#hear(note);
    });
    this.#hub.start?.();
    this.#seeker.forget();
    this.#parts.link.wake();
    this.#seeker.seek();
    void this.#campaign(this.#awake.signal);
  }

  /** Gives everything up before it returns: nothing may run here for a while, or ever again. */
  sleep(): void {
    if (this.#hub === undefined || this.#leaving !== undefined) return;
    const why = portClosed('the page was frozen, or left');
    this.#reign?.holder.abandon();
    this.#stop();
    this.#parts.link.sleep(why);
  }

  /** The present port has ended. */
  onCut(why: OnewalError): void {
    this.#parts.onOwner('nowhere', why);
    if (this.#reign !== undefined) this.#reign.end();
    else if (this.#hub !== undefined && this.#turn === undefined) this.#seeker.seek();
  }

  /** Takes part no more. An owner answers what is on its way, and closes the store before the next. */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    this.#stopWatching();
    try {
      await this.#reign?.holder.close();
    } finally {
      this.#stop();
    }
  }

  #stop(): void {
    if (this.#reign !== undefined) this.#hub?.postMessage({ type: 'gone', owner: this.#reign.id });
    this.#seeker.stop();
    this.#awake.abort();
    this.#turn?.release();
    this.#reign = undefined;
    this.#turn = undefined;
    this.#hub?.close();
    this.#hub = undefined;
  }

  #hear(note: TabNote): void {
    if (note.type === 'knock') this.#answer(note);
    else if (this.#reign === undefined) this.#seeker.hear(note);
    // Somebody has taken the turn from who did not answer.
    else if (note.type === 'owner') this.#reign.end();
  }

  #answer({ tab, pair }: TabNote & { readonly type: 'knock' }): void {
    if (this.#turn === undefined) return;
    const reign = this.#reign;
    if (reign === undefined || this.#leaving !== undefined) {
      this.#hub?.postMessage({ type: 'wait' });
      return;
    }
    const owner = reign.id;
    reign.holder.serve({ tab, channel: pairName(this.#parts.name, { pair, owner }) });
    this.#hub?.postMessage({ type: 'ready', pair, owner });
  }

  async #campaign(awake: AbortSignal): Promise<void> {
    try {
      while (!awake.aborted) {
        const turn = await this.#nextTurn(awake);
        if (turn !== undefined) await this.#take(turn, awake);
      }
    } catch (error) {
      this.#parts.link.end(error as OnewalError);
      await this.leave();
    }
  }

  /** Undefined when the tab falls asleep or leaves before. */
  #nextTurn(awake: AbortSignal): Promise<QueueTurn | undefined> {
    return new Promise((resolve, reject) => {
      const inLine = new AbortController();
      let isOver = false;
      const end = (turn: QueueTurn | undefined): void => {
        if (isOver) turn?.release();
        else resolve(turn);
        isOver = true;
        inLine.abort();
        this.#steal = () => undefined;
      };
      const fail = (cause: unknown): void => {
        if (inLine.signal.aborted) return;
        reject(new StorageError('IO', 'the browser has no queue for this page', { cause }));
      };
      awake.addEventListener('abort', () => end(undefined));
      this.#steal = () => {
        this.#steal = () => undefined;
        inLine.abort();
        this.#queue.steal().then(end, () => end(undefined));
      };
      this.#queue.next(inLine.signal).then(end, fail);
    });
  }

  async #take(turn: QueueTurn, awake: AbortSignal): Promise<void> {
    this.#turn = turn;
    this.#seeker.stop();
    this.#parts.link.cut(portClosed('the tab that had the store open is gone'));
    try {
      const holder = await this.#open(turn, awake);
      if (holder !== undefined) await this.#own(holder, { turn, awake });
    } finally {
      turn.release();
      if (!awake.aborted) {
        this.#turn = undefined;
        this.#seeker.seek();
      }
    }
  }

  /** Undefined when the turn ends before. Throws what opening throws, but LOCKED. */
  async #open(turn: QueueTurn, awake: AbortSignal): Promise<Holder | undefined> {
    let isLost = false;
    void turn.lost.then(() => {
      isLost = true;
    });
    for (;;) {
      this.#hub?.postMessage({ type: 'wait' });
      try {
        const holder = await this.#parts.hold({ displace: turn.isStolen }, awake);
        if (!isLost && !awake.aborted) return holder;
        holder.abandon();
      } catch (error) {
        const isLocked = error instanceof LockedError && error.code === 'LOCKED';
        if (!isLocked && !isLost && !awake.aborted) throw error;
      }
      if (isLost || awake.aborted) return undefined;
      await new Promise<void>((resolve) => this.#parts.host.timer(RETRY_MS, resolve));
    }
  }

  async #own(
    holder: Holder,
    { turn, awake }: { readonly turn: QueueTurn; readonly awake: AbortSignal },
  ): Promise<void> {
    const { host, link, onOwner } = this.#parts;
    const id = host.uniqueName();
    const isOver = new Promise<void>((end) => {
      this.#reign = { id, holder, end };
      awake.addEventListener('abort', () => end());
      void turn.lost.then(end);
      void holder.lost.then(() => {
        if (this.#leaving === undefined) end();
      });
    });
    link.attach(holder.connect()).then(
      () => onOwner('here'),
      () => undefined, // The link says that it was cut.
    );
    this.#hub?.postMessage({ type: 'owner', owner: id });
    await isOver;
    if (awake.aborted) return;
    this.#reign = undefined;
    this.#hub?.postMessage({ type: 'gone', owner: id });
    holder.abandon();
    link.cut(portClosed('this tab has given the store up'));
  }
}
