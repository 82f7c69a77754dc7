// @ts-check
/** What other stores did, done here: those that no other list has already. */

/** @import { Mutant } from './mutant.mjs' */

/** @type {readonly Mutant[]} */
export const MUSEUM_MUTANTS = [
  {
    name: 'a snapshot says that it has one commit more than it has',
    file: 'src/store/checkpoint.ts',
    find: '    sequence: state.sequence,\n    chain: engine.chain,\n',
    replace: '    sequence: state.sequence + 1,\n    chain: engine.chain,\n',
    tests: ['test/museum/sqlite.test.ts > SQLite WAL-reset'],
  },
  {
    name: 'the oldest WAL that can be replayed counts, not the newest',
    file: 'src/store/history.ts',
    find: '  for (let top = 0; top < wals.length; top++) {\n',
    replace: '  for (let top = wals.length - 1; top >= 0; top--) {\n',
    tests: ['test/museum/sqlite.test.ts > SQLite rollback journal'],
  },
  {
    name: 'a torn tail that an open has dealt with is met again by the next',
    file: 'src/store/replay.ts',
    find: '      ...(end === undefined ? {} : { endOffset: end.offset }),\n',
    replace: '',
    tests: ['test/museum/rocksdb.test.ts > RocksDB 6313'],
  },
  {
    name: 'a WAL that cannot be read counts as ended',
    file: 'src/wal/buffered-file.ts',
    find: '    this.#window = readFully(this.#file, offset, Math.max(size, 0));\n',
    replace:
      '    try {\n      this.#window = readFully(this.#file, offset, Math.max(size, 0));\n    } catch {\n      this.#window = new Uint8Array(size);\n    }\n',
    tests: ['test/museum/rocksdb.test.ts > RocksDB 6288'],
  },
  {
    name: 'a snapshot that failed takes along those beneath it',
    file: 'src/store/checkpoint.ts',
    find: '    if (file !== undefined) closeQuietly(file);\n    yield* removeQuietly(engine, name);\n',
    replace:
      '    if (file !== undefined) closeQuietly(file);\n    yield* removeQuietly(engine, name);\n    for (const { generation } of plan.beneath) {\n      yield* removeQuietly(engine, snapshotName(generation));\n    }\n',
    tests: ['test/museum/rocksdb.test.ts > RocksDB 4990'],
  },
  {
    name: 'a commit whose write failed is visible, and saved with the next snapshot',
    file: 'src/store/commit-queue.ts',
    find: '      yield* this.#recoverWrite(group, error, manner);\n',
    replace:
      '      const { frozen, snapshots } = this.#engine.state;\n      this.#engine.state = { ...group.draft.toState(), frozen, snapshots };\n      yield* this.#recoverWrite(group, error, manner);\n',
    tests: ['test/museum/rocksdb.test.ts > RocksDB 12995'],
  },
  {
    name: 'a full disk disables writes until the next open',
    file: 'src/store/commit-queue.ts',
    find: '    if (isFull) engine.counters.diskFullErrors++;\n    const isReserveFree =',
    replace:
      "    if (isFull) disable(engine, toStorageError(cause, { doing: 'the disk is full' }));\n    const isReserveFree =",
    tests: ['test/museum/rocksdb.test.ts > RocksDB 919'],
  },
  {
    name: 'a range ends where a snapshot cannot be read',
    file: 'src/store/range.ts',
    find: "      throw toStorageError(error, { doing: 'a snapshot could not be read' });\n",
    replace: '      void toStorageError;\n      return undefined;\n',
    tests: ['test/museum/redb.test.ts > redb extract iterator'],
  },
  {
    name: 'a commit is put together from the parts that are left',
    file: 'src/store/replay.ts',
    find: '    else if (!goesOn) continue;\n',
    replace: '    void goesOn;\n',
    tests: ['test/museum/rocksdb-js.test.ts > Harper 2087'],
  },
  {
    name: 'a WAL whose creation a crash cut short counts as damaged',
    file: 'src/store/survey.ts',
    find: '    if (size <= WAL_HEADER_SIZE) this.#unfinished.push(parsed);\n',
    replace: '    if (size < 0) this.#unfinished.push(parsed);\n',
    tests: ['test/museum/leveldb.test.ts > LevelDB 189'],
  },
  {
    name: 'whatever is torn counts as corrupt',
    file: 'src/store/recovery.ts',
    find: "  { when: {}, kind: 'torn' },\n",
    replace: "  { when: {}, kind: 'corrupt' },\n",
    tests: ['test/museum/etcd.test.ts > etcd 14098'],
  },
  {
    name: 'zeros behind the last commit count as a torn tail',
    file: 'src/store/recovery.ts',
    find: "  { when: { isZeroToEnd: true }, kind: 'clean' },\n",
    replace: '',
    tests: ['test/museum/redis.test.ts > Redis 5177'],
  },
  {
    name: 'a store of which nothing can be read any more is made anew',
    file: 'src/store/recovery.ts',
    find: '  lost: REFUSE_ALL,\n};\n\nconst STRICT',
    replace:
      "  lost: row('create', 'create', 'create', 'create', 'create', 'create'),\n};\n\nconst STRICT",
    tests: ['test/museum/json-files.test.ts > electron-store 35'],
  },
  {
    name: 'blocks are taken as they are',
    file: 'src/snapshot/block-source.ts',
    find: '    const end = sealed.length - CHECK_SIZE;\n',
    replace: '    const end = sealed.length - CHECK_SIZE;\n    if (end >= 0) return;\n',
    tests: ['test/museum/lmdb.test.ts > LMDB without checksums'],
  },
  {
    name: 'an open leaves the reserve alone',
    file: 'src/store/open.ts',
    find: '    if (!isDiskFull(error) || !engine.hasReserve) throw error;\n',
    replace: '    if (isDiskFull(error) || !engine.hasReserve) throw error;\n',
    tests: ['test/museum/etcd.test.ts > etcd 3591'],
  },
  {
    name: 'the heartbeat alone is the lock',
    file: 'src/fs/node-lock.ts',
    find: '(options.kernelLock ?? takeKernelLock)(directory, identity)',
    replace:
      "(options.kernelLock ?? (() => ({ kind: 'unavailable' as const })))(directory, identity)",
    tests: [
      'test/museum/locks.test.ts > proper-lockfile 121',
      'test/museum/locks.test.ts > PGlite 1106',
    ],
  },
  {
    name: 'whoever is refused removes the lock file',
    file: 'src/fs/node-lock.ts',
    find: "  if (attempt.kind === 'taken') throw locked(",
    replace:
      "  if (attempt.kind === 'taken') rmSync(join(directory, 'lock'), { force: true });\n  if (attempt.kind === 'taken') throw locked(",
    tests: ['test/museum/locks.test.ts > Joplin 16410'],
  },
];
