/** Carries out an input as calls of a store on a simulated disk, with a plain store beside it. */
import type { ErrorCode } from '../../src/errors.ts';
import { OnewalError } from '../../src/errors.ts';
import type { Reads } from '../../src/store/reads.ts';
import type { StoreMap } from '../../src/store/store-map.ts';
import type { View } from '../../src/store/view.ts';
import { Store } from '../../src/store.ts';
import { SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import type { Recipe } from '../formats/recipe.ts';
import { FaultError, requireSame } from '../oracles/errors.ts';
import { KEY_COUNT, MAPS, PlainStore, type PlainWrite } from './plain-store.ts';
import { runTransaction } from './transaction-steps.ts';

const STEP_COUNT_MAX = 48;
const VIEW_COUNT_MAX = 4;
const CHECKPOINT_BYTES = 16 << 10;
const TOKENS = ['one', 'two'];

export class Program {
  readonly recipe: Recipe;
  #disk = new SimulatedDisk();
  #store: Store;
  model = new PlainStore();
  /** States that a power cut may leave: that of the last synced commit, and those after it. */
  #candidates: PlainStore[] = [new PlainStore()];
  #views: { readonly view: View; readonly model: PlainStore }[] = [];
  #quota = Number.POSITIVE_INFINITY;
  readonly #tokens = new Set<string>();

  constructor(recipe: Recipe) {
    this.recipe = recipe;
    this.#store = this.#open();
  }

  get store(): Store {
    return this.#store;
  }

  async run(): Promise<void> {
    for (let left = STEP_COUNT_MAX; left > 0 && !this.recipe.isAtEnd; left--) {
      await this.#step();
      this.#check();
    }
    await this.#close();
    this.#store = this.#open();
    this.#check();
    await this.#close();
  }

  map(index: number): StoreMap<unknown, unknown> {
    const { name, options } = MAPS[index] as (typeof MAPS)[number];
    return this.#store.map(name, options);
  }

  write(): PlainWrite {
    const { recipe } = this;
    const map = recipe.below(MAPS.length);
    const key = recipe.below(KEY_COUNT);
    const kind = recipe.below(8);
    if (kind === 0) return { type: 'remove', map, key };
    if (kind === 1) return { type: 'clear', map, ...this.range() };
    return { type: 'put', map, key, value: recipe.below(40) };
  }

  range(): { readonly start: number; readonly end: number } {
    const start = this.recipe.below(KEY_COUNT);
    return { start, end: start + this.recipe.below(KEY_COUNT - start) };
  }

  /** Commits by `commit`, which tells the code of its error; the quota may be one, if it is due. */
  commit(writes: readonly PlainWrite[], commit: () => ErrorCode | undefined): boolean {
    const next = this.model.fork();
    for (const write of writes) next.apply(write);
    const mayPass = next.bytes <= this.#quota || next.bytes <= this.model.bytes;
    const code = commit();
    if (code === 'QUOTA_EXCEEDED' && !mayPass) return false;
    if (code !== undefined || !mayPass) {
      throw new FaultError(`a commit of ${next.bytes} bytes under ${this.#quota}: ${code}`);
    }
    this.model = next;
    this.#candidates.push(next.fork());
    return true;
  }

  /** Everything committed so far is durable. */
  noteSynced(): void {
    this.#candidates = [this.model.fork()];
  }

  async #step(): Promise<void> {
    const { recipe } = this;
    switch (recipe.below(16)) {
      case 0:
        return runTransaction(this);
      case 1:
        return this.#drop();
      case 2:
        await this.#store.checkpoint();
        return this.noteSynced();
      case 3:
        await this.#store.compact();
        return this.noteSynced();
      case 4:
        await this.#close();
        this.#store = this.#open();
        return;
      case 5:
        return this.#kill();
      case 6:
        return this.#cutPower();
      case 7:
        return this.#lookOrRelease();
      case 8:
        this.#quota = 40 * (1 + recipe.below(60));
        await this.#store.setQuota({ bytes: this.#quota });
        return this.noteSynced();
      case 9:
        return this.#batch([this.write(), this.write(), this.write()]);
      case 10:
        return this.#token();
      default:
        return this.#batch([this.write()]);
    }
  }

  #batch(writes: readonly PlainWrite[]): void {
    const durability = this.recipe.below(4) === 0 ? 'buffered' : 'synced';
    const batch = writes.map((write) => this.#encode(write));
    const commit = () => codeOf(() => this.#store.batchSync(batch, { durability }));
    const isDone = this.commit(writes, commit);
    if (isDone && durability === 'synced') this.noteSynced();
  }

  #encode(write: PlainWrite) {
    const map = this.map(write.map);
    const { key } = MAPS[write.map] as (typeof MAPS)[number];
    if (write.type === 'remove') return { type: 'remove', map, key: key(write.key) } as const;
    if (write.type === 'clear') return { type: 'clear', map, range: rangeOf(write) } as const;
    return { type: 'put', map, key: key(write.key), value: valueIn(write) } as const;
  }

  async #drop(): Promise<void> {
    const map = this.recipe.below(MAPS.length);
    await this.#store.dropMap((MAPS[map] as (typeof MAPS)[number]).name);
    this.model.apply({ type: 'clear', map, start: 0, end: KEY_COUNT });
    this.noteSynced();
  }

  #token(): void {
    const token = this.recipe.choose(TOKENS);
    const write = this.write();
    const expected = this.#tokens.has(token) ? 'committed' : 'absent';
    requireSame(this.#store.outcomeOf(token), expected, `the outcome of ${token}`);
    const batch = [this.#encode(write)];
    const commit = () => codeOf(() => this.#store.batchSync(batch, { token }));
    if (expected === 'committed') {
      requireSame(commit(), 'TOKEN_USED', 'the commit of a used token');
      return;
    }
    const isDone = this.commit([write], commit);
    if (!isDone) return;
    this.#tokens.add(token);
    this.noteSynced();
  }

  #lookOrRelease(): void {
    for (const { view, model } of this.#views) {
      const shown = textOf((index) => view.map(this.map(index)));
      requireSame(shown, model.text, 'a view');
    }
    if (this.#views.length < VIEW_COUNT_MAX) {
      this.#views.push({ view: this.#store.view(), model: this.model.fork() });
    } else this.#views.shift()?.view.release();
  }

  #kill(): void {
    const old = this.#store;
    this.#disk = this.#disk.afterKill();
    this.#views = [];
    old.closeSync();
    this.#store = this.#open();
    this.noteSynced();
  }

  #cutPower(): void {
    const images = [...this.#disk.powerLossImages({ limit: 4, seed: this.recipe.byte() })];
    const image = this.recipe.choose(images);
    const old = this.#store;
    this.#disk = image;
    this.#views = [];
    old.closeSync();
    this.#store = this.#open();
    const found = textOf((index) => this.map(index));
    const survivor = this.#candidates.find((candidate) => candidate.text === found);
    if (survivor === undefined) throw new FaultError(`after a power cut: ${found}`);
    this.model = survivor.fork();
    this.noteSynced();
  }

  async #close(): Promise<void> {
    this.#views = [];
    await this.#store.close();
    this.noteSynced();
  }

  #open(): Store {
    return Store.openSync(this.#disk, { checkpointBytes: CHECKPOINT_BYTES });
  }

  #check(): void {
    requireSame(
      textOf((index) => this.map(index)),
      this.model.text,
      'the store',
    );
    requireSame(this.#store.stats().bytesUsed, this.model.bytes, 'the bytes that are used');
  }
}

export function rangeOf(write: {
  readonly map: number;
  readonly start: number;
  readonly end: number;
}) {
  const { key } = MAPS[write.map] as (typeof MAPS)[number];
  const start = key(write.start);
  return write.end < KEY_COUNT ? { start, end: key(write.end) } : { start };
}

export function valueIn(write: { readonly map: number; readonly value: number }): unknown {
  return (MAPS[write.map] as (typeof MAPS)[number]).value(write.value);
}

/** What the maps show, as `PlainStore.text` says it. */
function textOf(reads: (index: number) => Reads<unknown, unknown>): string {
  const maps = MAPS.map((plain, index) => {
    const keys = new Map(indexes(KEY_COUNT).map((key) => [textual(plain.key(key)), key]));
    const values = new Map(indexes(40).map((value) => [textual(plain.value(value)), value]));
    return [...reads(index).getRange()].map(({ key, value }) => [
      keys.get(textual(key)) ?? `key ${textual(key)}`,
      values.get(textual(value)) ?? `value ${textual(value)}`,
    ]);
  });
  return JSON.stringify(maps);
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function textual(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? `${part}n` : part,
  );
}

export function codeOf(call: () => unknown): ErrorCode | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof OnewalError) return error.code;
    throw error;
  }
}
