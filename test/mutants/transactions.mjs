// @ts-check
/** What a careless checker of transactions would do. */

/** @import { Mutant } from './mutant.mjs' */

/** @type {readonly Mutant[]} */
export const TRANSACTION_MUTANTS = [
  {
    name: 'what a transaction has read is not checked',
    file: 'src/transaction/transaction.ts',
    find: '? [delta, this.#reads] : [delta];',
    replace: '? [delta] : [delta];',
    tests: ['test/store/store.test.ts > refuse write skew and phantoms'],
  },
  {
    name: 'commits of its own group are not checked',
    file: 'src/transaction/transaction.ts',
    find: '[...this.#engine.recent.above(view.sequence), ...earlier];',
    replace: '[...this.#engine.recent.above(view.sequence), ...earlier.slice(earlier.length)];',
    tests: ['test/store/store.test.ts > find the commit that they have met'],
  },
  {
    name: 'a range that was read to its end counts up to its last entry',
    file: 'src/transaction/read-set.ts',
    find: '    if (this.#isExhausted) return bounds;\n',
    replace: '',
    tests: ['test/store/store.test.ts > refuse write skew and phantoms'],
  },
  {
    name: 'a removal conflicts with nothing',
    file: 'src/transaction/conflict.ts',
    find: '  remove(map: number, position: KeyPosition): void {\n    this.#touchKey(map, position);\n',
    replace: '  remove(map: number, position: KeyPosition): void {\n    void [map, position];\n',
    tests: ['test/store/store.test.ts > conflict with what was read or written'],
  },
  {
    name: 'a range that is cleared conflicts with nothing',
    file: 'src/transaction/conflict.ts',
    find: '        this.#touchRange(operation.map, { start: start ?? undefined, end: end ?? undefined });\n',
    replace: '        void [start, end];\n',
    tests: ['test/store/store.test.ts > conflict with what was read or written'],
  },
  {
    name: 'a map that is emptied conflicts with nothing',
    file: 'src/transaction/conflict.ts',
    find: '        this.#touchRange(operation.map, ALL_KEYS);\n',
    replace: '        void ALL_KEYS;\n',
    tests: ['test/store/store.test.ts > conflict with what was read or written'],
  },
  {
    name: 'commits are forgotten when any transaction ends',
    file: 'src/store/recent-commits.ts',
    find: 'const count = oldest === undefined ? this.#commits.length : this.#placeBehind(oldest);',
    replace: 'const count = this.#commits.length;',
    tests: ['test/transaction/isolation.test.ts'],
  },
  {
    name: 'a conflict with a commit of the same group is told before that is visible',
    file: 'src/store/commit-group.ts',
    find: '      if (commits.length > 0) refused.push({ request, error: why });\n      else request.reject(why);',
    replace: '      request.reject(why);',
    tests: ['test/store/store.test.ts > find the commit that they have met'],
  },
  {
    name: 'a savepoint brings back what is read, and not what is committed',
    file: 'src/transaction/workspace.ts',
    find: '    this.#delta = delta.fork();\n',
    replace: '    void delta;\n',
    tests: ['test/store/store.test.ts > undo to a savepoint, however deep'],
  },
  {
    name: 'a savepoint can be used once',
    file: 'src/transaction/workspace.ts',
    find: '    this.#delta = delta.fork();\n',
    replace: '    this.#delta = delta;\n',
    tests: ['test/transaction/savepoints.test.ts'],
  },
  {
    name: 'a transaction that ends keeps its locks',
    file: 'src/transaction/transaction.ts',
    find: '    this.#locks?.end(this.#endedError());\n',
    replace: '',
    tests: ['test/transaction/locks.test.ts'],
  },
  {
    name: 'a circle of waiting is not seen',
    file: 'src/transaction/key-locks.ts',
    find: "      return 'deadlock';\n",
    replace: "      void 'deadlock';\n",
    tests: ['test/transaction/locks.test.ts'],
  },
  {
    name: 'a circle of waiting is seen over one step only',
    file: 'src/transaction/key-locks.ts',
    find: '          open.push(blocker);\n',
    replace: '',
    tests: ['test/transaction/locks.test.ts'],
  },
];
