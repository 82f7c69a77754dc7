// @ts-check
/** What this engine itself did once: faults whose mends no other list undoes. */

/** @import { Mutant } from './mutant.mjs' */

/** @type {readonly Mutant[]} */
export const FOUND_MUTANTS = [
  {
    name: 'a sync that succeeds late moves the watermark of a WAL that is not trusted',
    file: 'src/wal/wal-writer.ts',
    find: 'if (!this.#isPoisoned) this.#markDurable(position);',
    replace: 'this.#markDurable(position);',
    tests: ['test/store/failures.test.ts > a sync that succeeds late says nothing'],
  },
  {
    name: 'a fold over what skip-corrupt has written counts as an orphan',
    file: 'src/store/compaction.ts',
    find: '    wal: nextWalOf(reader.footer),\n',
    replace: '    wal: nextWalOf(reader.footer) && reader.footer.wal,\n',
    tests: ['test/store/witness.test.ts > what skip-corrupt has written outlives a compaction'],
  },
  {
    name: 'a believed snapshot that nothing names is built on as it is',
    file: 'src/store/open.ts',
    find: '  if (!recovered.isBaseNamed) yield* syncBase(engine, manner);\n',
    replace: '  void syncBase;\n',
    tests: ['test/store/witness.test.ts > a believed snapshot that nothing names is synced'],
  },
  {
    name: 'writes leave the line before there is a reserve',
    file: 'src/store/commit-queue.ts',
    find: '    const error = this.#lacksReserve ? yield* this.#makeReserve(manner) : undefined;\n    // Somebody blocking may have used it up at once: look again.\n    if (error === undefined && this.#lacksReserve) return 0;\n    const requests = acceptable(this.#takeGroup(), error);\n',
    replace:
      '    const isLacking = this.#lacksReserve;\n    const taken = this.#takeGroup();\n    const error = isLacking ? yield* this.#makeReserve(manner) : undefined;\n    const requests = acceptable(taken, error);\n',
    tests: ['test/store/failures.test.ts > writes that wait for the reserve keep their place'],
  },
  {
    name: 'a handle goes on with its encodings where the map was made anew with others',
    file: 'src/store/reads.ts',
    find: '      checkEncodings({ name, keyEncoding: key.name, valueEncoding: value.name }, definition);\n',
    replace: '      void [checkEncodings, name, key, value];\n',
    tests: ['test/store/store.test.ts > refuses to read a map, dropped and made anew'],
  },
  {
    name: 'a quota that was lowered does not know a map that was emptied',
    file: 'src/store/quota.ts',
    find: 'needed > bytesOf(before, map.name)',
    replace: 'needed > before.usage.of(id).bytes',
    tests: ['test/store/quota.test.ts > that was lowered allows a commit'],
  },
  {
    name: 'whoever closes a circle of locks is refused, however old',
    file: 'src/transaction/key-locks.ts',
    find: 'if (this.#findCircle(owner, ({ born }) => born < owner.born) !== undefined) {',
    replace: 'if (this.#findCircle(owner) !== undefined) {',
    tests: ['test/transaction/locks.test.ts > is refused to the youngest in it, also where'],
  },
  {
    name: 'a transaction that runs again is as young as its last attempt',
    file: 'src/transaction/transactions.ts',
    find: "      const transaction = this.#begin(checked, 'waiting', born);\n",
    replace: "      const transaction = this.#begin(checked, 'waiting');\n",
    tests: ['test/transaction/locks.test.ts > counts a transaction that runs again as old'],
  },
  {
    name: 'a transaction runs again without a turn of the event loop for others',
    file: 'src/transaction/transactions.ts',
    find: '      await this.#engine.environment.pause();\n',
    replace: '',
    tests: ['test/transaction/locks.test.ts > of five that contend is left by all'],
  },
  {
    name: 'the lock file is there before its record',
    file: 'src/fs/node-lock-file.ts',
    find: '      if (!linkOrRefuse(draft, path)) this.#createUnlinked(path);\n',
    replace: '      void linkOrRefuse;\n      this.#createUnlinked(path);\n',
    tests: ['test/fs/node-lock.test.ts > the lock file is never there without its record'],
  },
  {
    name: 'what killed openers left of their lock files stays',
    file: 'src/fs/node-lock-file.ts',
    find: '      removeDrafts(path);\n',
    replace: '      void removeDrafts;\n',
    tests: ['test/fs/node-lock.test.ts > what an opener that was killed while it took the lock'],
  },
  {
    name: 'a commit is refused for good because of one that is then rolled back',
    file: 'src/store/commit-queue.ts',
    find: '    this.#putBack(group.refused.map(({ request }) => request));\n',
    replace: '    for (const { request, error } of group.refused) request.reject(error);\n',
    tests: ['test/store/groups.test.ts > what was refused because of a commit of its group'],
  },
  {
    name: 'a commit is refused for good because of one that then finds the disk full',
    file: 'src/store/commit-queue.ts',
    find: '    this.#putBack([...again, ...group.refused.map(({ request }) => request)]);\n',
    replace:
      '    this.#putBack(again);\n    for (const { request, error } of group.refused) request.reject(error);\n',
    tests: ['test/store/groups.test.ts > a deletion that was refused because of a commit'],
  },
  {
    name: 'a commit that throws stays in line',
    file: 'src/store/commit-queue.ts',
    find: '    this.#waiting.splice(place, 1);\n',
    replace: '',
    tests: ['test/store/groups.test.ts > a blocking commit that throws is never committed later'],
  },
];
