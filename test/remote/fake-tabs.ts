/**
 * An origin in one thread: tabs with channels, locks, timers and a store, each of which can be frozen,
 * with notice or without, and killed. Nothing happens by itself: time passes when the test says so.
 */
import { LockedError, Store } from '../../src/index.ts';
import type { Turn } from '../../src/remote/index.ts';
import { lockQueue, type TabLocks } from '../../src/remote/owner-queue.ts';
import type { TabChannel } from '../../src/remote/pair-port.ts';
import type { ShareOptions } from '../../src/remote/share-options.ts';
import { joinTabs } from '../../src/remote/share-store.ts';
import type { SharedStore } from '../../src/remote/shared-store.ts';
import type { TabHost } from '../../src/remote/tab-host.ts';
import { DEFAULT_ENVIRONMENT } from '../../src/store/environment.ts';
import { setHost } from '../../src/store/host.ts';
import { insideOf } from '../../src/store/inside.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';

interface Timer {
  readonly at: number;
  readonly tab: FakeTab | undefined;
  run(): void;
}

export class FakeOrigin {
  readonly channels = new Map<string, Set<FakeChannel>>();
  readonly medium = new FakeMedium();
  readonly locks = new FakeLocks();
  readonly #timers = new Set<Timer>();
  now = 0;
  nameCount = 0;

  constructor() {
    const timer = (duration: number, run: () => void) => this.timer(duration, run);
    setHost({ environment: { ...DEFAULT_ENVIRONMENT, timer } });
  }

  tab(): FakeTab {
    return new FakeTab(this);
  }

  timer(duration: number, run: () => void, tab?: FakeTab): () => void {
    const timer = { at: this.now + duration, tab, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** In steps of 50 ms, in each of which everything that can happen in memory does. */
  async pass(duration: number): Promise<void> {
    for (const end = this.now + duration; this.now < end; this.now += 50) {
      for (const timer of [...this.#timers]) {
        if (timer.at > this.now || !this.#timers.delete(timer)) continue;
        if (timer.tab === undefined) timer.run();
        else timer.tab.run(() => timer.run());
      }
      await turns(6);
    }
  }

  /** Lets time pass until it is done, at most so long. */
  async until<T>(work: Promise<T>, most = 120_000): Promise<T> {
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    work.then(end, end);
    for (const last = this.now + most; !isDone; await this.pass(50)) {
      if (this.now > last) throw new Error(`nothing came of it in ${most} ms`);
    }
    return work;
  }
}

export class FakeTab implements TabHost {
  readonly #origin: FakeOrigin;
  #held: (() => void)[] | undefined;
  #listener: { onSleep(): void; onWake(): void } | undefined;
  isKilled = false;
  #messagesLeft = Number.POSITIVE_INFINITY;

  constructor(origin: FakeOrigin) {
    this.#origin = origin;
  }

  share(options: Partial<ShareOptions> = {}): Promise<SharedStore> {
    const open = (turn: Turn) => this.#origin.medium.open(this, turn);
    return joinTabs('wallet', { open, silence: 4000, ...options }, this);
  }

  /** What would happen in this tab: now, when it thaws, or never. */
  run(work: () => void): void {
    if (this.isKilled) return;
    if (this.#held === undefined) work();
    else this.#held.push(work);
  }

  /** As a debugger does, or a loop that does not end: without notice. */
  freeze(): void {
    this.#held ??= [];
  }

  thaw(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const work of held) this.run(work);
  }

  /** With notice, as browsers do with tabs in the background. */
  sleep(): void {
    this.#listener?.onSleep();
    this.freeze();
  }

  wake(): void {
    this.thaw();
    this.#listener?.onWake();
  }

  /** Is killed by the message, of those that it gets or sends, with this number. */
  dieAt(count: number): void {
    this.#messagesLeft = count;
  }

  countMessage(): void {
    if (--this.#messagesLeft === 0) this.kill();
  }

  kill(): void {
    this.isKilled = true;
    this.#origin.medium.kill(this);
    this.#origin.locks.kill(this);
  }

  channel(name: string): FakeChannel {
    const { channels } = this.#origin;
    const joined = channels.get(name) ?? new Set();
    channels.set(name, joined);
    const channel = new FakeChannel(this, joined);
    joined.add(channel);
    return channel;
  }

  pair(): { readonly port1: FakeChannel; readonly port2: FakeChannel } {
    const name = `pair ${this.uniqueName()}`;
    return { port1: this.channel(name), port2: this.channel(name) };
  }

  readonly timer = (duration: number, run: () => void): (() => void) =>
    this.#origin.timer(duration, run, this);

  queue(name: string) {
    return lockQueue(this.#origin.locks.of(this), name);
  }

  watch(listener: { onSleep(): void; onWake(): void }): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  uniqueName(): string {
    return `name ${this.#origin.nameCount++}`;
  }
}

class FakeChannel implements TabChannel {
  readonly #tab: FakeTab;
  readonly #joined: Set<FakeChannel>;
  readonly #listeners: ((event: { readonly data: unknown }) => void)[] = [];

  constructor(tab: FakeTab, joined: Set<FakeChannel>) {
    this.#tab = tab;
    this.#joined = joined;
  }

  postMessage(message: unknown): void {
    this.#tab.countMessage();
    this.#tab.run(() => {
      for (const other of this.#joined) {
        if (other !== this) setImmediate(() => other.#deliver(message));
      }
    });
  }

  addEventListener(_: 'message', listener: (event: { readonly data: unknown }) => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#joined.delete(this);
  }

  #deliver(message: unknown): void {
    this.#tab.countMessage();
    this.#tab.run(() => {
      if (!this.#joined.has(this)) return;
      for (const listener of this.#listeners) listener({ data: message });
    });
  }
}

interface LockRequest {
  readonly tab: FakeTab;
  readonly name: string;
  grant(): void;
  fail(error: Error): void;
}

/** As `navigator.locks`. A frozen tab may be granted a lock, and does not know. */
class FakeLocks {
  readonly #holders = new Map<string, LockRequest>();
  #line: LockRequest[] = [];

  of(tab: FakeTab): TabLocks {
    return { request: (...request) => this.#request(tab, request) };
  }

  kill(tab: FakeTab): void {
    this.#line = this.#line.filter((request) => request.tab !== tab);
    for (const holder of [...this.#holders.values()]) if (holder.tab === tab) this.#release(holder);
  }

  #request(
    tab: FakeTab,
    [name, options, callback]: Parameters<TabLocks['request']>,
  ): Promise<void> {
    if (tab.isKilled) return never;
    return new Promise((resolve, reject) => {
      const request: LockRequest = {
        ...{ tab, name },
        grant: () =>
          tab.run(() => {
            void callback({}).then(() => {
              this.#release(request);
              resolve();
            });
          }),
        fail: (error) => tab.run(() => reject(error)),
      };
      if ('steal' in options) {
        const robbed = this.#holders.get(name);
        this.#hold(request);
        robbed?.fail(new Error('AbortError: stolen'));
        return;
      }
      this.#line.push(request);
      options.signal.addEventListener('abort', () => {
        if (!this.#line.includes(request)) return;
        this.#line = this.#line.filter((other) => other !== request);
        reject(new Error('AbortError'));
      });
      queueMicrotask(() => this.#next(name));
    });
  }

  #hold(request: LockRequest): void {
    this.#holders.set(request.name, request);
    queueMicrotask(() => request.grant());
  }

  #release(request: LockRequest): void {
    if (this.#holders.get(request.name) !== request) return;
    this.#holders.delete(request.name);
    this.#next(request.name);
  }

  #next(name: string): void {
    if (this.#holders.has(name)) return;
    const request = this.#line.find((waiting) => waiting.name === name);
    if (request === undefined) return;
    this.#line = this.#line.filter((waiting) => waiting !== request);
    this.#hold(request);
  }
}

/** One disk, which is one tab's at a time. Who is displaced writes nothing more. */
export class FakeMedium {
  #disk = new SimulatedDisk();
  #tab: FakeTab | undefined;
  readonly canBeTaken: boolean;
  openCount = 0;

  constructor({ canBeTaken = true }: { readonly canBeTaken?: boolean } = {}) {
    this.canBeTaken = canBeTaken;
  }

  async open(tab: FakeTab, { displace }: Turn): Promise<Store> {
    if (tab.isKilled) return never;
    if (this.#tab !== undefined) {
      if (!displace || !this.canBeTaken) throw new LockedError('LOCKED', 'another tab has it');
      this.#disk.onCall = () => ({ kind: 'fail', code: 'EIO' });
    }
    this.#tab = tab;
    this.#disk = this.#disk.afterKill();
    this.openCount++;
    const disk = this.#disk;
    const store = await Store.open(disk);
    const free = (): void => {
      if (this.#disk === disk) this.#tab = undefined;
    };
    store.on('closed', free);
    const { lock } = insideOf(store).engine;
    if (lock !== undefined) {
      lock.abandon = () => {
        disk.onCall = () => ({ kind: 'fail', code: 'EIO' });
        free();
      };
    }
    return store;
  }

  kill(tab: FakeTab): void {
    if (this.#tab !== tab) return;
    this.#disk.onCall = () => ({ kind: 'crash' });
    this.#tab = undefined;
  }
}

/** What the dead are told. */
const never = new Promise<never>(() => undefined);

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
