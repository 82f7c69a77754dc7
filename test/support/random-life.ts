/**
 * A random life of a store on a disk that fails: commits of every kind, beside each other and one
 * behind the other, checkpoints, compactions, closes, reopenings. Every commit puts its number into
 * two maps, so that what is there tells which commits are, and whether they are whole.
 */
import { Store, type Write } from '../../src/index.ts';
import { walName } from '../../src/store/file-names.ts';
import { insideOf } from '../../src/store/inside.ts';
import { type Fault, type PortCall, SimulatedDisk } from '../../src/testing/index.ts';
import type { WalWriter } from '../../src/wal/wal-writer.ts';
import { preallocationOf } from './preallocation.ts';
import { seededNumbers, useSeededHost } from './seeded.ts';

export interface LifeOptions {
  /** No blocking calls, and on every fourth seed the poorest host. */
  readonly isWaitingOnly?: boolean;
  /** The disk fills up, and gets room again. */
  readonly isTight?: boolean;
  /** Called with every image that is checked, before it is. */
  readonly onImage?: (image: SimulatedDisk) => void;
}

interface Told {
  readonly number: number;
  answer: 'pending' | 'yes' | 'no' | 'unknown';
  isDurable: boolean;
  /** A sync has failed, and thrown away what the system had: only memory has it. */
  isThrownAway: boolean;
  sequence: number;
}

const MAPS = ['left', 'right'] as const;
const STEP_COUNT = 45;
const HOST_CODES = ['EIO', 'ENOSPC', 'EMFILE', 'EIO'] as const;
const NEVER_FAILING = new Set(['lock', 'release', 'list', 'free']);
const RARELY_FAILING = new Set(['close', 'read', 'size']);

export class RandomLife {
  readonly disk: SimulatedDisk;
  readonly problems: string[] = [];
  readonly #told: Told[] = [];
  readonly #options: LifeOptions;
  readonly #next: () => number;
  readonly #checkpointBytes: number;
  readonly #running: Promise<unknown>[] = [];
  #store: Store | undefined;
  /** The WAL whose sync has failed last. */
  #failedWriter: WalWriter | undefined;
  /** Faults for each thousand calls. */
  #faultRate = 0;
  #place = 'start';

  constructor(seed: number, options: LifeOptions = {}) {
    useSeededHost(seed);
    this.#next = seededNumbers(seed * 7919);
    this.#options = options;
    const isPoor = options.isWaitingOnly === true && this.#below(4) === 0;
    this.disk = new SimulatedDisk(
      isPoor ? { host: 'poor', fileCountMax: 200 } : preallocationOf(seed),
    );
    this.disk.onCall = (call) => this.#faultAt(call);
    this.#checkpointBytes = [4096, 8192, 1 << 20][this.#below(3)] as number;
  }

  /** Lives until a problem or the end. What it throws, the store has thrown against its word. */
  async live(): Promise<void> {
    this.#store = await this.#open();
    for (let step = 1; step <= STEP_COUNT && this.problems.length === 0; step++) {
      this.#place = `step ${step}`;
      this.#changeWeather();
      await this.#step(this.#below(30));
    }
    this.#place = 'the end';
    this.#mend();
    await Promise.all(this.#running);
    await this.#checkImages('kill');
    await this.#checkImages('power');
    await this.#requireWell(this.#store);
    await this.#store.close().catch(() => undefined);
    this.#place = 'closed';
    await this.#checkImages('kill');
  }

  #below(limit: number): number {
    return this.#next() % limit;
  }

  /** A store that refuses everything tells no lies either. */
  async #requireWell(store: Store): Promise<void> {
    if (store.stats().writesDisabled) await store.resume();
    const told = this.#begin();
    const commit = await store.batch(this.#writes(told.number));
    this.#acknowledge(told, commit);
  }

  #open(): Promise<Store> {
    return Store.open(this.disk, { checkpointBytes: this.#checkpointBytes });
  }

  #changeWeather(): void {
    if (this.#options.isTight === true && this.#below(8) === 0) {
      this.disk.capacity =
        this.#below(2) === 0 ? undefined : usedBytes(this.disk) + this.#below(30_000);
    }
    if (this.#below(5) === 0) this.#faultRate = this.#below(3) === 0 ? 40 : 0;
  }

  #mend(): void {
    this.#faultRate = 0;
    this.disk.capacity = undefined;
  }

  #faultAt({ kind, file, byteCount = 1 }: PortCall): Fault | undefined {
    if (this.#faultRate === 0 || this.#below(1000) >= this.#faultRate) return undefined;
    if (NEVER_FAILING.has(kind)) return undefined;
    if (RARELY_FAILING.has(kind) && this.#below(4) > 0) return undefined;
    if (kind === 'write' && this.#below(2) === 0) {
      return { kind: 'short', byteCount: this.#below(Math.max(1, byteCount)) };
    }
    if (kind === 'sync' && this.#below(2) === 0) {
      const personality = this.#below(3) === 0 ? 'btrfs' : 'ext4';
      const writer = this.#writer;
      const isOfWal = writer !== undefined && file === walName(writer.header.generation);
      if (isOfWal && personality === 'btrfs') this.#throwAway(writer);
      return { kind: 'sync', personality };
    }
    return { kind: 'fail', code: HOST_CODES[this.#below(HOST_CODES.length)] as string };
  }

  get #writer(): WalWriter | undefined {
    return this.#store === undefined ? undefined : insideOf(this.#store).engine.writer;
  }

  /** A sync of the WAL that failed has put back what was there at the sync before. */
  #throwAway(writer: WalWriter): void {
    this.#failedWriter = writer;
    for (const told of this.#told) {
      if (told.answer === 'yes' && !told.isDurable) told.isThrownAway = true;
    }
  }

  /** Whoever goes on in another WAL has logged again there what was thrown away. */
  #noteLoggedAgain(): void {
    if (this.#writer === this.#failedWriter) return;
    for (const told of this.#told) told.isThrownAway = false;
  }

  async #step(kind: number): Promise<void> {
    const store = this.#store as Store;
    if (kind < 14) await this.#commit(store);
    else if (kind < 18 && this.#options.isWaitingOnly !== true) this.#commitNow(store);
    else if (kind < 20) this.#run(store.checkpoint());
    else if (kind < 21) this.#run(store.compact());
    else if (kind < 22) await this.#flush(store);
    else if (kind < 23) this.#run(this.#verify(store));
    else if (kind < 24) await store.resume().catch(() => undefined);
    else if (kind < 26) for (let turn = this.#below(20); turn > 0; turn--) await Promise.resolve();
    else if (kind < 28) this.#checkMemory(store);
    else if (kind < 29) await this.#checkImages(this.#below(2) === 0 ? 'kill' : 'power');
    else await this.#reopen(store);
  }

  #run(work: Promise<unknown>): void {
    this.#running.push(work.catch((error: unknown) => this.#requireOurs(error)));
  }

  /** Whatever a caller meets is an error of ours, and none of them our own mistake. */
  #requireOurs(error: unknown): void {
    const { code, message } = error as { code?: unknown; message?: string };
    const isOurs = typeof code === 'string' && !code.startsWith('E');
    if (!isOurs || message?.includes('invariant') === true) {
      this.problems.push(`${this.#place}: ${String(error)}`);
    }
  }

  #writes(number: number): Write[] {
    const padding = 'x'.repeat(this.#below(6) === 0 ? 900 : this.#below(40));
    const writes: Write[] = MAPS.map((map) => ({
      type: 'put',
      map,
      key: `n${number}`,
      value: `${number}${padding}`,
    }));
    if (this.#below(6) === 0) writes.push({ type: 'clear', map: 'other' });
    if (this.#below(3) === 0) {
      writes.push({ type: 'put', map: 'other', key: `o${this.#below(5)}`, value: padding });
    }
    if (this.#below(5) === 0) {
      writes.push({ type: 'clear', map: 'other', range: { start: 'o1', end: 'o3' } });
    }
    return writes;
  }

  #begin(): Told {
    const number = this.#told.length + 1;
    const told: Told = {
      number,
      answer: 'pending',
      isDurable: false,
      isThrownAway: false,
      sequence: 0,
    };
    this.#told.push(told);
    return told;
  }

  #acknowledge(told: Told, commit: { readonly sequence: number; readonly durable: boolean }): void {
    told.answer = 'yes';
    told.isDurable = commit.durable;
    told.sequence = commit.sequence;
  }

  #refuse(told: Told, error: unknown): void {
    this.#requireOurs(error);
    told.answer = (error as { committed?: 'no' | 'unknown' }).committed ?? 'unknown';
  }

  get #durability(): 'buffered' | 'synced' {
    return this.#below(3) === 0 ? 'buffered' : 'synced';
  }

  async #commit(store: Store): Promise<void> {
    const told = this.#begin();
    const answered = store.batch(this.#writes(told.number), { durability: this.#durability }).then(
      (commit) => this.#acknowledge(told, commit),
      (error: unknown) => this.#refuse(told, error),
    );
    this.#running.push(answered);
    if (this.#below(2) === 0) await answered;
  }

  #commitNow(store: Store): void {
    const told = this.#begin();
    try {
      const durability = this.#durability;
      this.#acknowledge(told, store.batchSync(this.#writes(told.number), { durability }));
    } catch (error) {
      this.#refuse(told, error);
    }
  }

  async #flush(store: Store): Promise<void> {
    const before = this.#told.filter(({ answer }) => answer === 'yes');
    try {
      await store.flush();
      for (const told of before) told.isDurable = true;
    } catch (error) {
      this.#requireOurs(error);
    }
  }

  async #verify(store: Store): Promise<void> {
    const { damage } = await store.verify();
    if (damage.length > 0) this.problems.push(`${this.#place}: ${JSON.stringify(damage)}`);
  }

  async #reopen(store: Store): Promise<void> {
    const rate = this.#faultRate;
    this.#mend();
    const isBlocking = this.#options.isWaitingOnly !== true && this.#below(2) === 0;
    try {
      if (isBlocking) store.closeSync();
      else await store.close();
    } catch (error) {
      this.#requireOurs(error);
      // The close has said that buffered commits may not be there.
      for (const told of this.#told) if (told.isThrownAway) told.answer = 'unknown';
    }
    if (this.#below(2) === 0) await Promise.all(this.#running);
    this.#store = await this.#open();
    this.#faultRate = rate;
  }

  #checkMemory(store: Store): void {
    const rate = this.#faultRate;
    this.#faultRate = 0;
    const { isWhole, numbers } = contentOf(store);
    if (!isWhole) this.problems.push(`${this.#place}: half a commit is visible`);
    for (const { number, answer } of this.#told) {
      const isThere = numbers.has(number);
      if (answer === 'yes' && !isThere)
        this.problems.push(`${this.#place}: ${number} is not visible`);
      if (answer === 'no' && isThere) this.problems.push(`${this.#place}: ${number} was refused`);
    }
    this.#checkCounts(store);
    this.#faultRate = rate;
  }

  #checkCounts(store: Store): void {
    const { maps } = store.stats();
    for (const name of [...MAPS, 'other']) {
      const count = [...store.map(name).getKeys()].length;
      const counted = maps[name]?.count ?? 0;
      if (counted !== count)
        this.problems.push(`${this.#place}: ${name} counts ${counted} of ${count}`);
    }
  }

  async #checkImages(how: 'kill' | 'power'): Promise<void> {
    if (this.#place !== 'closed') this.#noteLoggedAgain();
    const told = this.#told.map((known) => ({ ...known }));
    for (const image of this.#images(how)) {
      this.#options.onImage?.(image);
      const store = await Store.open(image);
      this.#checkImage(store, told, how);
      this.#checkCounts(store);
      await this.#verify(store);
      await store.close();
    }
  }

  #images(how: 'kill' | 'power'): SimulatedDisk[] {
    const all =
      how === 'kill'
        ? [this.disk.afterKill()]
        : [...this.disk.powerLossImages({ limit: 40, seed: this.#below(1000) })];
    const chosen =
      all.length <= 5 ? all : Array.from({ length: 5 }, () => all[this.#below(all.length)]);
    for (const image of chosen) if (image !== undefined) image.capacity = undefined;
    return chosen as SimulatedDisk[];
  }

  #checkImage(store: Store, told: readonly Told[], how: 'kill' | 'power'): void {
    const { isWhole, numbers } = contentOf(store);
    const place = `${this.#place}, ${how}`;
    if (!isWhole) this.problems.push(`${place}: half a commit`);
    for (const { number, answer, isDurable, isThrownAway } of told) {
      const isThere = numbers.has(number);
      const isPromised = answer === 'yes' && (isDurable || (how === 'kill' && !isThrownAway));
      if (isPromised && !isThere) this.problems.push(`${place}: ${number} is lost`);
      if (answer === 'no' && isThere) this.problems.push(`${place}: ${number} was refused`);
    }
    const inOrder = told
      .filter(({ answer }) => answer === 'yes')
      .sort((one, other) => one.sequence - other.sequence);
    const firstMissing = inOrder.findIndex(({ number }) => !numbers.has(number));
    const isPrefix =
      firstMissing < 0 || !inOrder.slice(firstMissing).some(({ number }) => numbers.has(number));
    if (!isPrefix) this.problems.push(`${place}: a commit is missing before one that is there`);
  }
}

function contentOf(store: Store): { readonly isWhole: boolean; readonly numbers: Set<number> } {
  const [left, right] = MAPS.map((name) => [...store.map<string, string>(name).getKeys()]);
  const numbers = new Set((left ?? []).map((key) => Number(key.slice(1))));
  return { isWhole: left?.join() === right?.join(), numbers };
}

function usedBytes(disk: SimulatedDisk): number {
  return disk.names().reduce((size, name) => size + disk.readFile(name).length, 0);
}
