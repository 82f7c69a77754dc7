/**
 * What a child commits, as pure functions of a seed, a life and a number: so that its parent can
 * tell what any commit must have done without having seen it happen.
 */
import type { Store, StoreMap } from '../../src/index.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

export interface CommitName {
  readonly seed: number;
  /** Of the process that commits: each has its own. */
  readonly life: number;
  readonly number: number;
}

export type Refusal = 'over quota' | 'invalid key' | 'token used' | 'conflict';

export type Action = {
  readonly isBlocking: boolean;
  readonly durability: 'synced' | 'buffered';
  readonly hasToken: boolean;
} & (
  | { readonly kind: 'found' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'change'; readonly changes: readonly Change[] }
  | { readonly kind: 'clear'; readonly start: number; readonly end: number }
  | {
      readonly kind: 'transfer';
      readonly from: number;
      readonly to: number;
      readonly amount: bigint;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
);

export type Change =
  | { readonly map: 'texts'; readonly key: number; readonly value: string | undefined }
  | { readonly map: 'blobs'; readonly key: number; readonly value: Uint8Array | undefined };

export const ACCOUNT_COUNT = 8;
export const FIRST_BALANCE = 1_000_000_000_000n;
const KEY_COUNT = 60;
const CHANGE_COUNT_MAX = 6;
const TEXT_SIZE_MAX = 1500;
const BLOB_SIZE_MAX = 12_000;
const LARGE_BLOB_SIZE = 200_000;
const REFUSALS: readonly Refusal[] = ['over quota', 'invalid key', 'token used', 'conflict'];

/** Made by a life that finds an empty store. */
export const FOUNDING = 0;
/** Removes from the journal what the parent has seen. */
export const FORGETTING = 1;
export const FIRST_PLANNED = 2;
/** From here on they do nothing but note themselves. */
export const FIRST_IDLE = 1_000_000;

export function actionOf(name: CommitName): Action {
  const random = randomOf(name);
  const manner = {
    isBlocking: random.below(6) === 0,
    durability: random.below(3) === 0 ? 'buffered' : 'synced',
    hasToken: random.below(4) === 0,
  } as const;
  if (name.number === FOUNDING) return { ...manner, kind: 'found' };
  if (name.number >= FIRST_IDLE) return { ...manner, hasToken: false, kind: 'change', changes: [] };
  if (name.number === FORGETTING) return { ...manner, hasToken: true, kind: 'forget' };
  const dice = random.below(20);
  if (dice < 10) return { ...manner, kind: 'change', changes: changesOf(random) };
  if (dice < 16) return { ...manner, kind: 'transfer', ...transferOf(random) };
  if (dice === 16) {
    const start = random.below(KEY_COUNT);
    return { ...manner, kind: 'clear', start, end: start + 1 + random.below(20) };
  }
  const refusal = REFUSALS[random.below(REFUSALS.length)] ?? 'conflict';
  return { ...manner, kind: 'refused', refusal };
}

export const tokenOf = ({ life, number }: CommitName): string => `${life}.${number}`;

function transferOf(random: SeededRandom) {
  const from = random.below(ACCOUNT_COUNT);
  const to = (from + 1 + random.below(ACCOUNT_COUNT - 1)) % ACCOUNT_COUNT;
  return { from, to, amount: BigInt(1 + random.below(1000)) };
}

function changesOf(random: SeededRandom): Change[] {
  const changes = new Map<string, Change>();
  for (let count = 1 + random.below(CHANGE_COUNT_MAX); count > 0; count--) {
    const change = changeOf(random);
    changes.set(`${change.map} ${change.key}`, change);
  }
  return [...changes.values()];
}

function changeOf(random: SeededRandom): Change {
  const key = random.below(KEY_COUNT);
  const isRemoval = random.below(5) === 0;
  if (random.below(3) > 0) {
    const word = `${random.below(2 ** 31).toString(36)} `;
    const size = random.below(TEXT_SIZE_MAX);
    const value = word.repeat(Math.ceil(size / word.length));
    return { map: 'texts', key, value: isRemoval ? undefined : value };
  }
  const size = random.below(60) === 0 ? LARGE_BLOB_SIZE : random.below(BLOB_SIZE_MAX);
  return { map: 'blobs', key, value: isRemoval ? undefined : blobOf(random, size) };
}

/** Content that no other blob has, made faster than byte by byte. */
function blobOf(random: SeededRandom, size: number): Uint8Array {
  const blob = new Uint8Array(size);
  const grain = random.bytes(64);
  for (let start = 0; start < size; start += grain.length) {
    blob.set(grain.subarray(0, Math.min(grain.length, size - start)), start);
  }
  return blob;
}

function randomOf({ seed, life, number }: CommitName): SeededRandom {
  return new SeededRandom(
    Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(life + 1, 0x85ebca6b) ^ number,
  );
}

/** Each commit leaves its number there, beside what it does: so that it can be found again. */
export type JournalKey = readonly [life: number, number: number];

export interface Maps {
  readonly journal: StoreMap<JournalKey, number>;
  readonly texts: StoreMap<number, string>;
  readonly blobs: StoreMap<number, Uint8Array>;
  readonly accounts: StoreMap<number, bigint>;
  /** Has a quota that nothing fits into. */
  readonly narrow: StoreMap<string, string>;
}

export const NARROW_QUOTA = 4;

export function openMaps(store: Store): Maps {
  return {
    journal: store.map('journal'),
    texts: store.map('texts', { value: 'utf8' }),
    blobs: store.map('blobs', { value: 'binary' }),
    accounts: store.map('accounts'),
    narrow: store.map('narrow'),
  };
}
