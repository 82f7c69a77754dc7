/** Gates that prove nothing: the runner is tested with them. */
import type { Gate } from './gate.ts';

export const gates: readonly Gate[] = [
  {
    name: 'steady',
    promise: 'every third case is one that the piece before had too',
    pieceCount: (scale) => (scale === 'ci' ? 4 : 8),
    async run(piece, _, tally) {
      for (let number = 0; number < 30; number++) {
        const isShared = number % 3 === 0;
        const name = isShared ? `shared ${number}` : `${piece} ${number} ${tally.seed}`;
        if (tally.isNew(name)) tally.count(isShared ? 'shared cases' : 'own cases');
      }
    },
  },
  {
    name: 'false',
    promise: 'two pieces of three hold',
    pieceCount: () => 3,
    async run(piece, _, tally) {
      tally.count('cases');
      if (piece === 1) tally.fail(`something is false with seed ${tally.seed}`, 'case 7');
    },
  },
  {
    name: 'throwing',
    promise: 'nothing: it throws',
    pieceCount: () => 1,
    run: () => Promise.reject(new Error('this piece is broken')),
  },
  {
    name: 'careless',
    promise: 'nothing: it leaves a promise behind that is rejected',
    pieceCount: () => 1,
    async run() {
      void Promise.reject(new Error('left behind'));
    },
  },
  {
    name: 'idle',
    promise: 'nothing: it looks at nothing',
    pieceCount: () => 1,
    run: () => Promise.resolve(),
  },
  {
    name: 'poor',
    promise: 'something, where it can be tried',
    pieceCount: () => 2,
    async run(piece, _, tally) {
      tally.count(piece === 0 ? 'cases' : 'disks: SKIPPED');
    },
  },
  {
    name: 'dying',
    promise: 'nothing: one piece ends its process',
    pieceCount: () => 3,
    async run(piece, _, tally) {
      tally.count('cases');
      if (piece === 1) process.exit(7);
    },
  },
];
