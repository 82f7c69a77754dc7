/** Random lives of stores, with every ending that leaves files behind; the same for equal seeds. */
import { toHex } from '../../src/bytes/bytes.ts';
import {
  type MapOptions,
  Store,
  type StoreMap,
  type Write,
  type WriteOptions,
} from '../../src/index.ts';
import { faultAt, SimulatedDisk } from '../../src/testing/index.ts';
import { preallocationOf } from '../support/preallocation.ts';
import { seededNumbers, useSeededHost } from '../support/seeded.ts';

const STEPS = 24;
const CALLS_MAX = 400;
const ROOM = 1 << 20;

type Below = (limit: number) => number;
type AnyMap = StoreMap<unknown, unknown>;

interface MapKind {
  readonly name: string;
  readonly options: MapOptions<unknown, unknown>;
  readonly key: (n: number) => unknown;
  readonly value: (n: number) => unknown;
}

const KINDS: readonly MapKind[] = [
  kind('state', { key: 'ordered', value: 'cbor' }, (n) => (n % 2 === 0 ? [n, 'é'] : n - 9), mixed),
  kind('blobs', { key: 'binary', value: 'binary' }, bytes, (n) => bytes(n % 40)),
  kind('words', { key: 'utf8', value: 'utf8' }, (n) => `${n}`.repeat(n), text),
  kind('records', { key: 'utf8', value: 'json' }, (n) => `record ${n}`, mixed),
  kind('straße', { key: 'ordered', value: 'json' }, (n) => `s${n}`, text),
];

/** The files of a store at the end of its life; the tokens of its commits, in hexadecimal digits. */
export interface Left {
  readonly disk: SimulatedDisk;
  readonly tokens: readonly string[];
}

const lived = new Map<number, Promise<Left>>();

/** Lives and ends: closed, killed, in a power cut, or crashed at some call. */
export function live(seed: number): Promise<Left> {
  const left = lived.get(seed) ?? liveAnew(seed);
  lived.set(seed, left);
  return left;
}

async function liveAnew(seed: number): Promise<Left> {
  useSeededHost(seed);
  const next = seededNumbers(seed);
  const below: Below = (limit) => next() % limit;
  const life = new Life(below);
  const ending = seed % 4;
  if (ending === 0) life.disk.onCall = faultAt(40 + below(CALLS_MAX), { kind: 'crash' });
  try {
    await life.run();
    if (ending === 1) await life.close();
  } catch (error) {
    if (!life.disk.isCrashed) throw error;
  }
  const isPowerCut = ending === 2 || (ending === 3 && below(2) === 0);
  const disk = isPowerCut ? cutPower(life.disk, below) : life.disk.afterKill();
  return { disk, tokens: life.tokens };
}

class Life {
  disk: SimulatedDisk;
  readonly tokens: string[] = [];
  readonly #below: Below;
  #store: Store | undefined;

  constructor(below: Below) {
    this.disk = new SimulatedDisk(preallocationOf(below(2)));
    this.#below = below;
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) await this.#step(await this.#opened());
  }

  async close(): Promise<void> {
    await (await this.#opened()).close();
    this.#store = undefined;
  }

  async #opened(): Promise<Store> {
    this.#store ??= await Store.open(this.disk, { quota: { bytes: ROOM } });
    return this.#store;
  }

  async #step(store: Store): Promise<void> {
    const kind = this.#below(30);
    if (kind < 17) await this.#write(store);
    else if (kind < 19) await this.#writeTogether(store);
    else if (kind < 22) await store.checkpoint();
    else if (kind < 23) await store.compact();
    else if (kind < 25) await this.#dropOrBound(store);
    else if (kind < 26) await store.flush();
    else if (kind < 28) await this.close();
    else this.#die();
  }

  async #write(store: Store): Promise<void> {
    await store.batch(this.#writes(store), this.#options());
  }

  async #writeTogether(store: Store): Promise<void> {
    const each = [1, 2, 3].map(() => store.batch(this.#writes(store), this.#options()));
    await Promise.all(each);
  }

  #options(): WriteOptions {
    const durability = this.#below(3) === 0 ? 'buffered' : 'synced';
    if (this.#below(4) > 0) return { durability };
    const token = bytes(this.tokens.length + 1);
    this.tokens.push(toHex(token));
    return { durability, token };
  }

  #writes(store: Store): Write[] {
    const below = this.#below;
    return Array.from({ length: 1 + below(5) }, (): Write => {
      const { key, value, ...kind } = KINDS[below(KINDS.length)] as MapKind;
      const map = store.map(kind.name, kind.options) as AnyMap;
      const what = below(12);
      if (what < 8) return { type: 'put', map, key: key(below(20)), value: value(below(90)) };
      if (what < 10) return { type: 'remove', map, key: key(below(20)) };
      if (what < 11) return { type: 'clear', map, range: { start: key(below(20)) } };
      return { type: 'clear', map };
    });
  }

  async #dropOrBound(store: Store): Promise<void> {
    const [name] = store.maps.slice(this.#below(4));
    if (name === undefined) return;
    if (this.#below(2) === 0) await store.dropMap(name);
    else await store.setQuota({ maps: { [name]: ROOM - this.#below(9) } });
  }

  /** The process is gone, or the power; what goes on finds what is left. */
  #die(): void {
    this.disk = this.#below(2) === 0 ? this.disk.afterKill() : cutPower(this.disk, this.#below);
    this.#store = undefined;
  }
}

/** Deep trees: pages above pages, of entries and of sequence ids; wide blocks; tombstones in them. */
export async function liveLarge(): Promise<Left> {
  useSeededHost(1);
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const wide = store.map<string, string>('wide', { key: 'utf8', value: 'utf8' });
  const many = store.map<number, number>('many');
  const long = 'k'.repeat(4000);
  const numbers = Array.from({ length: 40 }, (_, n) => n);
  await store.batch(numbers.map((n) => ({ type: 'put', map: wide, key: long + n, value: '' })));
  await wide.put('large', 'v'.repeat(70_000));
  const rows = Array.from({ length: 20_000 }, (_, n) => n);
  await store.batch(rows.map((n) => ({ type: 'put', map: many, key: n, value: n % 7 })));
  await store.checkpoint();
  await store.batch([
    { type: 'clear', map: many, range: { start: 100, end: 300 } },
    ...numbers.slice(0, 30).map((n): Write => ({ type: 'remove', map: wide, key: long + n })),
  ]);
  await store.checkpoint();
  await many.put(150, 1);
  await store.close();
  return { disk, tokens: [] };
}

function cutPower(disk: SimulatedDisk, below: Below): SimulatedDisk {
  const images = [...disk.powerLossImages({ limit: 12, seed: below(1000) })];
  return images[below(images.length)] as SimulatedDisk;
}

function kind(
  name: string,
  options: MapOptions<unknown, unknown>,
  key: MapKind['key'],
  value: MapKind['value'],
): MapKind {
  return { name, options, key, value };
}

function bytes(n: number): Uint8Array {
  return new Uint8Array(n).fill(255 - n);
}

function text(n: number): string {
  return `text ${n} `.repeat(n % 13);
}

function mixed(n: number): unknown {
  return [n, -n / 4, null, { text: text(n) }, n % 3 === 0][n % 5];
}
