// @ts-check
/** What a careless writer of snapshots would do, and a careless remover of files. */

/** @import { Mutant } from './mutant.mjs' */

/** @type {readonly Mutant[]} */
export const SNAPSHOT_MUTANTS = [
  {
    name: 'the blocks of a snapshot are not synced before its footer is written',
    file: 'src/snapshot/snapshot-writer.ts',
    find: '  output.flush();\n  yield* wait(steps.sync(file));\n',
    replace: '  output.flush();\n',
    tests: [
      'test/snapshot/snapshot-writer.test.ts > blocks are synced before the footer is written',
    ],
  },
  {
    name: 'the footer of a snapshot is not synced',
    file: 'src/snapshot/snapshot-writer.ts',
    find: '  writeFully(file, bytes, output.offset);\n  yield* wait(steps.sync(file));\n',
    replace: '  writeFully(file, bytes, output.offset);\n',
    tests: [
      'test/snapshot/snapshot-writer.test.ts > blocks are synced before the footer is written',
    ],
  },
  {
    name: 'the footer of a snapshot is synced before it is written',
    file: 'src/snapshot/snapshot-writer.ts',
    find: '  writeFully(file, bytes, output.offset);\n  yield* wait(steps.sync(file));\n',
    replace: '  yield* wait(steps.sync(file));\n  writeFully(file, bytes, output.offset);\n',
    tests: [
      'test/snapshot/snapshot-writer.test.ts > blocks are synced before the footer is written',
    ],
  },
  {
    name: 'the name of a snapshot is not synced',
    file: 'src/store/checkpoint.ts',
    find: '    yield* wait(engine.fs.syncDirectory());\n',
    replace: '',
    tests: ['test/store/rotation.test.ts > a snapshot is on the medium'],
  },
  {
    name: 'a snapshot is not read back',
    file: 'src/store/checkpoint.ts',
    find: '    if (damage !== undefined) throw notAsWritten(damage);\n',
    replace: '    void damage;\n',
    tests: ['test/store/failures.test.ts > a snapshot that does not read back as it was written'],
  },
  {
    name: 'a snapshot that was overtaken takes its place all the same',
    file: 'src/store/checkpoint.ts',
    find: '    work.check();\n    engine.unfinished.delete(name);\n',
    replace: '    engine.unfinished.delete(name);\n',
    tests: ['test/store/checkpoint.test.ts > a checkpoint that a blocking one has overtaken'],
  },
  {
    name: 'a snapshot that failed is left',
    file: 'src/store/checkpoint.ts',
    find: '    if (file !== undefined) closeQuietly(file);\n    yield* removeQuietly(engine, name);\n',
    replace: '    if (file !== undefined) closeQuietly(file);\n    void removeQuietly;\n',
    tests: ['test/store/checkpoint.test.ts > a checkpoint that the caller aborts'],
  },
  {
    name: 'a checkpoint that was overtaken while it waited for its turn freezes a second memtable',
    file: 'src/store/maintenance.ts',
    find: '      // Blocking work may have come first, and have failed behind its own freeze.\n      work.check();\n',
    replace: '',
    tests: [
      'test/store/checkpoint.test.ts > a blocking checkpoint that fails while another one waits',
    ],
  },
  {
    name: 'a rotation that is tried again on a full disk freezes behind a checkpoint that came between',
    file: 'src/store/maintenance.ts',
    find: '      yield* this.#giveUpRedundancy();\n      yield* this.#runAlone(rotation, work.manner);\n',
    replace:
      '      yield* this.#giveUpRedundancy();\n' +
      '      yield* this.#runAlone((manner) => rotate(engine, manner, atSwitch), work.manner);\n',
    tests: ['test/store/checkpoint.test.ts > while another one makes room for its WAL'],
  },
  {
    name: 'no Sync record names a new snapshot',
    file: 'src/store/maintenance.ts',
    find: '      this.#frozen = undefined;\n      this.#queue.leaveWord();\n',
    replace: '      this.#frozen = undefined;\n',
    tests: ['test/store/witness.test.ts > a snapshot that was finished is believed'],
  },
  {
    name: 'a memtable that failed to be written is dropped',
    file: 'src/store/maintenance.ts',
    find: '      yield* this.#writeOnFullDisk(frozen, work);\n      this.#frozen = undefined;\n',
    replace: '      this.#frozen = undefined;\n      yield* this.#writeOnFullDisk(frozen, work);\n',
    tests: ['test/store/checkpoint.test.ts > a checkpoint that the caller aborts'],
  },
  {
    name: 'the generation before is not kept',
    file: 'src/store/file-register.ts',
    find: "      retention === 'both generations' ? [this.#current, this.#previous] : [this.#current];\n",
    replace: "      retention === 'both generations' ? [this.#current] : [this.#current];\n",
    tests: ['test/store/damage.test.ts > a snapshot that rots is rebuilt'],
  },
  {
    name: 'a WAL goes when the snapshot has its first commits',
    file: 'src/store/file-register.ts',
    find: '(wal) => wal.lastSequence > base.sequence);\n    return [...base',
    replace: '(wal) => wal.baseSequence > base.sequence);\n    return [...base',
    tests: ['test/store/damage.test.ts > a snapshot that rots is rebuilt'],
  },
  {
    name: 'the WAL that is written counts as needed by nobody',
    file: 'src/store/file-register.ts',
    find: '    if (written !== undefined) needed.add(written.name);\n',
    replace: '    void written;\n',
    tests: ['test/store/mixed-files.test.ts > the WAL that is written stays'],
  },
  {
    name: 'the witness of the newest WAL counts as needed by nobody',
    file: 'src/store/file-register.ts',
    find: '    if (this.#head !== undefined) needed.add(this.#head);\n',
    replace: '',
    tests: ['test/store/rotation.test.ts > the newest WAL has its witness'],
  },
  {
    name: 'removals are not synced',
    file: 'src/store/maintenance.ts',
    find: '    if (names.length > 0) yield* wait(engine.fs.syncDirectory());\n',
    replace: '    void wait;\n',
    tests: ['test/store/rotation.test.ts > what a checkpoint has removed does not come back'],
  },
  {
    name: 'a fold drops the marks of what was removed, although older snapshots have it',
    file: 'src/store/compaction.ts',
    find: "  const tombstones = rest.length === 0 ? 'drop' : 'keep';\n",
    replace: "  const tombstones = 'drop';\n",
    tests: ['test/store/checkpoint.test.ts > what was removed stays removed'],
  },
  {
    name: 'a fold that a checkpoint has overtaken takes its place without naming the new stack',
    file: 'src/store/compaction.ts',
    find: '  if (newer.length === 0) {\n    install(engine, [folded, ...rest]);\n',
    replace: '  if (newer.length >= 0) {\n    install(engine, [...newer, folded, ...rest]);\n',
    tests: ['test/store/checkpoint.test.ts > a fold that a newer checkpoint has overtaken lies'],
  },
  {
    name: 'a fold puts itself over a newer checkpoint',
    file: 'src/store/compaction.ts',
    find: '  if (newer.length === 0) {\n',
    replace: '  if (newer.length >= 0) {\n',
    tests: ['test/store/checkpoint.test.ts > a fold that a newer checkpoint has overtaken lies'],
  },
  {
    name: 'a snapshot names what is beneath it by generation alone',
    file: 'src/store/history.ts',
    find: 'if (reader === undefined || !bytesEqual(reader.footer.root, root)) return [];',
    replace: 'if (reader === undefined || root.length === 0) return [];',
    tests: ['test/store/mixed-files.test.ts > a snapshot of a copy of the store'],
  },
  {
    name: 'the hash of a footer is not checked',
    file: 'src/snapshot/footer.ts',
    find: '  return bytesEqual(hashFooter(cbor, offset), tail.hash);\n',
    replace: '  return hashFooter(cbor, offset).length === tail.hash.length;\n',
    tests: ['test/snapshot/damage.test.ts'],
  },
  {
    name: 'the checksum of a block is not checked',
    file: 'src/snapshot/block-source.ts',
    find: '    if (!bytesEqual(hash.subarray(0, CHECK_SIZE), sealed.subarray(end))) {\n',
    replace: '    if (end < 0) {\n',
    tests: ['test/snapshot/damage.test.ts'],
  },
  {
    name: 'a block is not held against the hash in its page',
    file: 'src/snapshot/block-source.ts',
    find: '    if (!bytesEqual(hash, claim.hash)) {\n',
    replace: '    if (claim.hash.length === 0) {\n',
    tests: ['test/snapshot/damage.test.ts > a sound block of another file'],
  },
  {
    name: 'the counts of a tree are not checked',
    file: 'src/snapshot/block-source.ts',
    find: 'return count === claim.count ?',
    replace: 'return count >= 0 ?',
    tests: ['test/snapshot/crafted.test.ts'],
  },
  {
    name: 'the header and the footer of a snapshot may be of two files',
    file: 'src/snapshot/snapshot-open.ts',
    find: "    if (!sameIdentity(header, footer)) throw new MalformedError('header and footer disagree');\n",
    replace: '    void [header, sameIdentity, MalformedError];\n',
    tests: ['test/snapshot/damage.test.ts'],
  },
];
