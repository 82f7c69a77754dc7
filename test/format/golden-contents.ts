/** What the golden stores hold, spelled out: no code reads and writes them wrongly alike. */
import type { Content } from './golden-life.ts';

const STATE: readonly (readonly [unknown, unknown])[] = [
  [null, 'value of null'],
  [false, 'value of false'],
  [true, 'value of true'],
  [-1.5, 'value of -1.5'],
  [2n ** 70n, `value of ${2n ** 70n}`],
  ['', 'value of '],
  ['\u0001', 'value of \u0001'],
  [['aa', 1], { ok: true, tags: ['x', null] }],
];
const LOG: Content = {
  balances: [
    ['alice', 5n],
    ['bob', 2n ** 64n],
  ],
  blobs: [[Uint8Array.of(7), Uint8Array.of(7)]],
  names: [],
};
const COUNTS = Array.from({ length: 140 }, (_, n): [number, string] => [
  n,
  `count ${n} `.repeat(5),
]);

export const CONTENTS: { readonly [store: string]: Content } = {
  log: {
    ...LOG,
    state: [
      ...STATE,
      ['buffered', 3],
      ['dropped', 'short lived'],
      ['synced', 1],
      ['é😀', 'value of é😀'],
    ],
  },
  'logged-again': {
    ...LOG,
    state: [
      ...STATE,
      ['after', 4],
      ['buffered', 3],
      ['dropped', 'short lived'],
      ['synced', 1],
      ['é😀', 'value of é😀'],
    ],
  },
  parts: {
    m: [
      ['a', 'a'],
      ['c', 'c'],
    ],
  },
  loss: {
    m: [
      ['goes on', true],
      ['kept', 'kept '.repeat(9)],
      ['seen', 2],
    ],
  },
  incremental: {
    counts: COUNTS.filter(([n]) => n < 20 || n >= 40),
    words: wordsWith(['word 6', 'in the WAL']),
    zeros: [],
  },
  compacted: {
    counts: COUNTS.filter(([n]) => n < 20 || n >= 40),
    words: wordsWith(['word 6', 'in the WAL'], ['word 7', 'in the next WAL']),
    zeros: [],
  },
  tokens: {
    m: [
      ['a', 1],
      ['b', 2],
    ],
  },
};

function wordsWith(...later: [string, string][]): [string, string][] {
  const words = new Map<string, string>();
  for (const n of [0, 1, 10, 11, 2, 3, 4, 6, 7, 8, 9]) words.set(`word ${n}`, 'w'.repeat(n));
  for (const [key, value] of [['word 3', 'is back'], ['word 4', 'again'], ...later]) {
    words.set(key as string, value as string);
  }
  return [...words];
}
