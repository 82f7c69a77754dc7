// @ts-check
/** What a careless starter of WALs would do, after an open, a checkpoint or a failed sync. */

/** @import { Mutant } from './mutant.mjs' */

/** @type {readonly Mutant[]} */
export const ROTATION_MUTANTS = [
  {
    name: 'a rotation does not settle the WAL that it leaves',
    file: 'src/store/rotation.ts',
    find: '  yield* settle(writer, manner);\n',
    replace: '',
    tests: [
      'test/store/rotation.test.ts > a checkpoint makes buffered commits durable where they are',
    ],
  },
  {
    name: 'a rotation that was overtaken while it settled goes on',
    file: 'src/store/rotation.ts',
    find: '  if (engine.writer !== writer) return false;\n',
    replace: '',
    tests: ['test/store/random-lives.test.ts'],
  },
  {
    name: 'a rotation that was overtaken while it began goes on',
    file: 'src/store/rotation.ts',
    find: '  if (engine.writer !== writer) {\n',
    replace: '  if (writer === undefined) {\n',
    tests: ['test/store/failures.test.ts > a blocking commit beside a sync that fails'],
  },
  {
    name: 'a rotation that was overtaken leaves its WAL',
    file: 'src/store/rotation.ts',
    find: '    yield* removeQuietly(engine, walName(next.header.generation));\n',
    replace: '',
    tests: ['test/store/checkpoint.test.ts > WALs of rotations that were overtaken'],
  },
  {
    name: 'a WAL that could not be settled is trusted',
    file: 'src/store/rotation.ts',
    find: '    // What it could not sync is logged again in the new generation.\n    writer.poison();\n',
    replace: '',
    tests: ['test/store/rotation.test.ts > a WAL that could not be settled'],
  },
  {
    name: 'a rotation does not log again what readers have seen',
    file: 'src/store/rotation.ts',
    find: 'logAgain: writer.unsynced.filter((commit) => commit.sequence <= sequence),',
    replace: 'logAgain: writer.unsynced.filter((commit) => commit.sequence < 0 && sequence > 0),',
    tests: ['test/store/rotation.test.ts > what readers have seen outlives a sync'],
  },
  {
    name: 'a rotation logs again also what is in doubt',
    file: 'src/store/rotation.ts',
    find: 'logAgain: writer.unsynced.filter((commit) => commit.sequence <= sequence),',
    replace: 'logAgain: writer.unsynced.filter((commit) => commit.sequence <= sequence + 99),',
    tests: ['test/store/rotation.test.ts > what readers have seen outlives a sync'],
  },
  {
    name: 'a rotation takes over from the last write instead of the last sync',
    file: 'src/store/rotation.ts',
    find: '        predecessor: writer.durable,\n',
    replace: '        predecessor: writer.tip,\n',
    tests: ['test/store/rotation.test.ts > what readers have seen outlives a sync'],
  },
  {
    name: 'the report of a loss ends with its WAL',
    file: 'src/store/rotation.ts',
    find: '        loss: encodeLoss(loss),\n',
    replace: '        loss: loss === undefined ? encodeLoss(loss) : null,\n',
    tests: ['test/store/rotation.test.ts > the report of a loss goes from WAL to WAL'],
  },
  {
    name: 'a new WAL does not name the snapshot that it continues',
    file: 'src/store/rotation.ts',
    find: '        snapshot: engine.manifest?.footer.generation,\n',
    replace: '        snapshot: undefined,\n',
    tests: ['test/store/mixed-files.test.ts > a snapshot that a WAL names is missed'],
  },
  {
    name: 'half a WAL that may come back is forgotten',
    file: 'src/store/rotation.ts',
    find: '    if (error instanceof HalfGenerationError) writer.poison();\n',
    replace: '',
    tests: ['test/store/rotation.test.ts > where half a WAL could not be removed'],
  },
  {
    name: 'half a WAL that could not be removed is not told of',
    file: 'src/store/generation.ts',
    find: '    throw new HalfGenerationError(',
    replace: "    if (name === '') throw new HalfGenerationError(",
    tests: ['test/store/rotation.test.ts > where half a WAL could not be removed'],
  },
  {
    name: 'half a WAL is removed, and its removal not synced',
    file: 'src/store/generation.ts',
    find: '    yield* wait(fs.remove(name));\n    yield* wait(fs.syncDirectory());\n',
    replace: '    yield* wait(fs.remove(name));\n',
    tests: ['test/store/rotation.test.ts > where half a WAL could not be removed'],
  },
  {
    name: 'half a WAL is left',
    file: 'src/store/generation.ts',
    find: '    yield* removeHalf(fs, name, error);\n',
    replace: '    void removeHalf;\n',
    tests: ['test/store/rotation.test.ts > where half a WAL could not be removed'],
  },
  {
    name: 'a WAL that logs again has frames before its header is synced',
    file: 'src/store/generation.ts',
    find: '    yield* wait(manner.sync(file));\n',
    replace: '',
    tests: ['test/store/rotation.test.ts > a crash at any call of a WAL that logs again'],
  },
  {
    name: 'a new WAL is not synced',
    file: 'src/store/generation.ts',
    find: '  yield* writer.syncUpTo(writer.tip, manner.sync);\n',
    replace: '',
    tests: ['test/store/crash.test.ts > a crash at every call of a scripted life'],
  },
  {
    name: 'the name of a new WAL is not synced',
    file: 'src/store/generation.ts',
    find: '    yield* wait(fs.syncDirectory());\n    return writer;\n',
    replace: '    return writer;\n',
    tests: ['test/store/crash.test.ts > a crash at every call of a scripted life'],
  },
  {
    name: 'a new WAL is not read back',
    file: 'src/store/generation.ts',
    find: '  readBack(file, header, writer.tip);\n',
    replace: '  void readBack;\n',
    tests: ['test/store/rotation.test.ts > a new WAL that does not read back'],
  },
  {
    name: 'the header of a new WAL is not read back',
    file: 'src/store/generation.ts',
    find: '    bytesEqual(stored, encodeWalHeader(header)) &&\n',
    replace: '    stored.length > 0 &&\n',
    tests: ['test/store/rotation.test.ts > a new WAL that does not read back'],
  },
  {
    name: 'a new WAL counts before it has logged again what it must',
    file: 'src/store/generation.ts',
    find: 'const publishedAt = logAgain.at(-1)?.sequence ?? predecessor?.sequence ?? 0;',
    replace: 'const publishedAt = predecessor?.sequence ?? 0;',
    tests: ['test/store/rotation.test.ts > a crash at any call of a WAL that logs again'],
  },
  {
    name: 'a new WAL names the last commit but one as what it logs again',
    file: 'src/store/generation.ts',
    find: 'const publishedAt = logAgain.at(-1)?.sequence ??',
    replace: 'const publishedAt = logAgain.at(-2)?.sequence ?? logAgain.at(-1)?.sequence ??',
    tests: ['test/store/rotation.test.ts > a crash at any call of a WAL that logs again'],
  },
  {
    name: 'the witness of a WAL is made before the WAL is on the medium',
    file: 'src/store/generation.ts',
    find: "  const file = yield* wait(fs.open(name, 'create'));\n",
    replace:
      "  closeQuietly(yield* wait(fs.open(name.replace('wal', 'head'), 'create')));\n  const file = yield* wait(fs.open(name, 'create'));\n",
    tests: ['test/store/crash.test.ts > a crash at every call of a scripted life'],
  },
  {
    name: 'a rotation leaves no witness',
    file: 'src/store/rotation.ts',
    find: '  yield* leaveHead(engine, next);\n',
    replace: '  void leaveHead;\n',
    tests: ['test/store/witness.test.ts > the WAL behind a failed sync is missed too'],
  },
  {
    name: 'an open leaves no witness',
    file: 'src/store/open.ts',
    find: '  yield* leaveHead(engine, writer);\n',
    replace: '  void leaveHead;\n',
    tests: [
      'test/store/witness.test.ts > the newest WAL of a store that was opened again is missed',
    ],
  },
  {
    name: 'the old WAL says Switch and End before the new one is there',
    file: 'src/store/rotation.ts',
    find: '  const next = yield* begin(engine, writer, manner);\n',
    replace:
      '  if (!writer.isPoisoned) {\n    writer.stageEnd(engine.nextGeneration);\n    writer.writeStaged();\n  }\n  const next = yield* begin(engine, writer, manner);\n',
    tests: ['test/store/crash.test.ts > a crash at every call of a scripted life'],
  },
  {
    name: 'End is taken as the permission to delete',
    file: 'src/store/rotation.ts',
    find: '  yield* retire(writer, next, manner);\n',
    replace:
      '  yield* retire(writer, next, manner);\n  yield* removeQuietly(engine, walName(writer.header.generation));\n',
    tests: ['test/store/crash.test.ts > a crash at every call of a scripted life'],
  },
  {
    name: 'writes go on where no new WAL could be started',
    file: 'src/store/rotation.ts',
    find: '  engine.failure = failure;\n',
    replace: '  void engine;\n',
    tests: ['test/store/failures.test.ts > when no new generation can be started'],
  },
  {
    name: 'the generation of a WAL that failed is used again',
    file: 'src/store/engine.ts',
    find: '    return this.nextGeneration++;\n',
    replace:
      '    return this.writer === undefined ? this.nextGeneration++ : this.writer.header.generation + 1;\n',
    tests: ['test/store/mixed-files.test.ts > no generation is used twice'],
  },
  {
    name: 'a checkpoint whose rotation was overtaken takes itself for done',
    file: 'src/store/maintenance.ts',
    find: '    if (engine.state.frozen === undefined) throw new OvertakenError();\n',
    replace: '',
    tests: [
      'test/store/checkpoint.test.ts > a checkpoint that a blocking commit has overtaken is written',
    ],
  },
  {
    name: 'a WAL that is left is closed before its end is synced',
    file: 'src/store/rotation.ts',
    find: '      yield* wait(manner.sync(writer.file));\n',
    replace: '      void wait;\n      manner.sync(writer.file);\n',
    tests: ['test/store/rotation.test.ts > the WAL that is left is open until its end'],
  },
];
