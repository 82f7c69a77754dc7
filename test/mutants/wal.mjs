// @ts-check
/** What a careless writer or reader of WALs would do. */

/** @import { Mutant } from './mutant.mjs' */

const WAL = 'test/wal/wal.test.ts';
const RULES = 'test/docs/format-rules.test.ts';
const LIVES = [
  'test/store/witness.test.ts',
  'test/store/failures.test.ts',
  'test/store/random-lives.test.ts',
  'test/store/crash.test.ts > a crash at every call of a scripted life',
];
const READER = [
  WAL,
  RULES,
  'test/store/witness.test.ts',
  'test/store/damage.test.ts',
  'test/store/crash.test.ts > a crash at every call of a scripted life',
];

/** @type {readonly Mutant[]} */
export const WAL_MUTANTS = [
  {
    name: 'a commit is handed out before its last part has verified',
    file: 'src/wal/wal-reader.ts',
    find: '    if (frame.header.type === FrameType.part) return;\n',
    replace: '',
    tests: ['test/wal/wal.test.ts > gives back whole commits, in order'],
  },
  {
    name: 'the chain of frames is not checked',
    file: 'src/wal/wal-reader.ts',
    find: "    if (!bytesEqual(previous, this.#chain)) return 'the frame does not continue the chain';\n",
    replace: '',
    tests: ['test/wal/wal.test.ts > does not take a sound frame that continues another history'],
  },
  {
    name: 'the ids of commits are not checked',
    file: 'src/wal/wal-reader.ts',
    find: 'if (sequence !== expected) return',
    replace: 'if (sequence < 0) return',
    tests: ['test/wal/wal.test.ts > does not take a skipped id'],
  },
  {
    name: 'a commit whose parts are not closed goes unnoticed',
    file: 'src/wal/wal-reader.ts',
    find: 'frame.header.isContinuation !== this.#parts.length > 0',
    replace: 'false',
    tests: ['test/wal/wal.test.ts > does not take a skipped id'],
  },
  {
    name: 'a frame beyond the end that the successor names is taken',
    file: 'src/wal/wal-reader.ts',
    find: "    if (frame.nextOffset > limit) return 'the frame passes the end that its successor names';\n",
    replace: '',
    tests: ['test/wal/wal.test.ts > goes as far as its successor says'],
  },
  {
    name: 'a Sync record is not held against its frame',
    file: 'src/wal/wal-reader.ts',
    find: "        if (durable !== frame.header.durable) return 'the Sync record and its frame disagree';\n",
    replace: '',
    tests: ['test/wal/wal.test.ts > does not take a skipped id'],
  },
  {
    name: 'what the End record says is not checked',
    file: 'src/wal/wal-reader.ts',
    find: "    if (!isTrue) return 'the End record does not describe this file';\n",
    replace: '',
    tests: ['test/wal/wal.test.ts > does not take a skipped id'],
  },
  {
    name: 'the count of frames in the End record is not checked',
    file: 'src/wal/wal-reader.ts',
    find: '      end.frames === this.#frameCount &&\n',
    replace: '',
    tests: ['test/wal/wal.test.ts > does not take an End record that is false in one point'],
  },
  {
    name: 'the size in the End record is not checked',
    file: 'src/wal/wal-reader.ts',
    find: '      end.bytes === frame.offset &&\n',
    replace: '',
    tests: ['test/wal/wal.test.ts > does not take an End record that is false in one point'],
  },
  {
    name: 'the last id in the End record is not checked',
    file: 'src/wal/wal-reader.ts',
    find: ' &&\n      end.last === this.#tip.sequence;',
    replace: ';',
    tests: ['test/wal/wal.test.ts > does not take an End record that is false in one point'],
  },
  {
    name: 'the End record is passed over',
    file: 'src/wal/wal-reader.ts',
    find: '    this.#end = end;\n',
    replace: '',
    tests: ['test/wal/wal.test.ts > tells how far it is durable'],
  },
  {
    name: 'bytes behind the End record are passed over',
    file: 'src/wal/wal-reader.ts',
    find: "    return found.isZeroToEnd ? 'finished' : found;",
    replace: "    return found.offset >= 0 ? 'finished' : found;",
    tests: ['test/wal/wal.test.ts > does not take bytes behind an End record'],
  },
  {
    name: 'a commit at the watermark does not count as durable',
    file: 'src/wal/wal-reader.ts',
    find: '(this.#candidates[known]?.sequence ?? Number.POSITIVE_INFINITY) <= this.#watermark',
    replace: '(this.#candidates[known]?.sequence ?? Number.POSITIVE_INFINITY) < this.#watermark',
    tests: ['test/wal/wal.test.ts > tells how far it is durable'],
  },
  {
    name: 'frames behind a break bear no witness',
    file: 'src/wal/wal-reader.ts',
    find: '    for (const frame of found?.laterFrames ?? []) this.#raiseWatermark(frame.header.durable);\n',
    replace: '',
    tests: ['test/wal/wal.test.ts > shows every witness behind a break'],
  },
  {
    name: 'a length is believed before its checksum',
    file: 'src/wal/frame.ts',
    find: '    if (bytes[HEADER_CHECKSUM_OFFSET + i] !== expected[i]) return undefined;\n',
    replace: '',
    tests: ['test/wal/wal.test.ts > is not believed in its length'],
  },
  {
    name: 'the checksum of a body is not checked',
    file: 'src/wal/frame.ts',
    find: '  for (let i = 0; i < CHECKSUM_SIZE; i++) if (bytes[bodyEnd + i] !== chain[i]) return undefined;\n',
    replace: '',
    tests: ['test/wal/wal.test.ts > is not taken with any single bit flipped'],
  },
  {
    name: 'the padding of a frame is not checked',
    file: 'src/wal/frame.ts',
    find: 'return isZero(bytes.subarray(bodyEnd + CHECKSUM_SIZE)) ? chain : undefined;',
    replace: 'return chain;',
    tests: ['test/wal/wal.test.ts > is not taken with any single bit flipped'],
  },
  {
    name: 'a frame is taken wherever it stands',
    file: 'src/wal/frame.ts',
    find: '  setUint64(offsetView, 0, offset);\n',
    replace: '  setUint64(offsetView, 0, offset - offset);\n',
    tests: ['test/wal/wal.test.ts > is not taken at another offset'],
  },
  {
    name: 'frames of other WALs are taken: their headers are not keyed',
    file: 'src/wal/frame.ts',
    find: '  return checksum(input, place.key).subarray(0, HEADER_CHECKSUM_SIZE);',
    replace: '  return checksum(input).subarray(0, HEADER_CHECKSUM_SIZE);',
    tests: ['test/wal/wal.test.ts > is not taken at another offset'],
  },
  {
    name: 'a WAL has one copy of its header',
    file: 'src/wal/wal-header.ts',
    find: 'return concatBytes([copy, copy]);',
    replace: 'return concatBytes([copy, new Uint8Array(WAL_HEADER_COPY_SIZE)]);',
    tests: ['test/wal/wal.test.ts > survives the loss of either copy'],
  },
  {
    name: 'the checksum of a WAL header is not checked',
    file: 'src/wal/wal-header.ts',
    find: 'if (!bytesEqual(checksum([copy.subarray(0, bodyEnd)]), stored)) {',
    replace: 'if (stored.length === 0) {',
    tests: ['test/wal/wal.test.ts > with any single bit of both copies flipped alike'],
  },
  {
    name: 'a commit is durable before its sync is done',
    file: 'src/wal/wal-writer.ts',
    find: '    yield* wait(sync(this.file));\n    this.#markDurable(position);\n',
    replace: '    this.#markDurable(position);\n    yield* wait(sync(this.file));\n',
    tests: ['test/store/failures.test.ts > at any one call leaves every answer true'],
  },
  {
    name: 'what was written during a sync counts as synced by it',
    file: 'src/wal/wal-writer.ts',
    find: '    this.#markDurable(position);\n',
    replace: '    this.#markDurable(this.#tip);\n',
    tests: ['test/store/failures.test.ts > what a blocking caller writes beside a sync'],
  },
  {
    name: 'a sync that failed is tried again',
    file: 'src/wal/wal-writer.ts',
    find: '    yield* wait(sync(this.file));\n    this.#markDurable(position);\n',
    replace:
      '    try {\n      yield* wait(sync(this.file));\n    } catch {\n      yield* wait(sync(this.file));\n    }\n    this.#markDurable(position);\n',
    tests: ['test/store/failures.test.ts > is never tried again on the same file'],
  },
  {
    name: 'a poisoned WAL is trusted again',
    file: 'src/wal/wal-writer.ts',
    find: '  poison(): void {\n    this.#isPoisoned = true;\n',
    replace: '  poison(): void {\n    this.#isPoisoned = false;\n',
    tests: ['test/store/failures.test.ts > is never tried again on the same file'],
  },
  {
    name: 'a write that failed counts as written',
    file: 'src/wal/wal-writer.ts',
    find: '    writeFully(this.file, bytes, this.#tip.offset);\n    this.#stagedTip = this.#tip = tip;\n',
    replace:
      '    const { offset } = this.#tip;\n    this.#stagedTip = this.#tip = tip;\n    writeFully(this.file, bytes, offset);\n',
    tests: ['test/store/failures.test.ts > a write that failed is cut off again'],
  },
  {
    name: 'a cut that failed is trusted',
    file: 'src/wal/wal-writer.ts',
    find: '    } catch (error) {\n      this.#isPoisoned = true;\n      throw error;\n',
    replace: '    } catch (error) {\n      void error;\n',
    tests: [
      'test/store/failures.test.ts > where what was written in part cannot be cut off either',
    ],
  },
  {
    name: 'a WAL cut back is left as it is',
    file: 'src/wal/wal-writer.ts',
    find: '      this.file.truncate(this.#tip.offset);\n',
    replace: '',
    tests: ['test/store/failures.test.ts > commits whose group was written in part'],
  },
  {
    name: 'a commit that is logged again gets another chain hash',
    file: 'src/wal/wal-writer.ts',
    find: 'return this.#tip.sequence === publishedAt ? publishedChain : this.#commitChain;',
    replace: 'return publishedAt < 0 ? publishedChain : this.#commitChain;',
    tests: ['test/store/rotation.test.ts > the chain hash stays the same'],
  },
  {
    name: 'a frame names the last commit as durable, synced or not',
    file: 'src/wal/wal-writer.ts',
    find: '    const durable = this.#durable.sequence;\n    const header =',
    replace: '    const durable = this.#tip.sequence;\n    const header =',
    tests: ['test/store/random-lives.test.ts'],
  },
  {
    name: 'a Sync record names the last commit as durable, synced or not',
    file: 'src/wal/wal-writer.ts',
    find: '    const body = encodeSync({ durable: this.#durable.sequence, snapshot });\n',
    replace:
      '    this.#durable = this.#tip;\n    const body = encodeSync({ durable: this.#durable.sequence, snapshot });\n',
    tests: ['test/store/random-lives.test.ts'],
  },
  {
    name: 'a write that the host takes in part counts as whole',
    file: 'src/fs/file-system.ts',
    find: '    written += count;\n',
    replace: '    written = source.length;\n',
    tests: ['test/store/failures.test.ts > bytes at a time are completed'],
  },
  {
    name: 'a read that the host answers in part counts as whole',
    file: 'src/fs/file-system.ts',
    find: '    count += step;\n',
    replace: '    count = size;\n',
    tests: ['test/store/failures.test.ts > reads that give only'],
  },
  {
    name: 'a system sync that failed is tried again',
    file: 'src/fs/node-file.ts',
    find: '    fdatasyncSync(this.#syncDescriptor);\n',
    replace:
      '    try {\n      fdatasyncSync(this.#syncDescriptor);\n    } catch {\n      fdatasyncSync(this.#syncDescriptor);\n    }\n',
    tests: ['test/fs/node-file.test.ts > a failed sync is reported and not tried again'],
  },
  {
    name: 'both ways to sync share a descriptor, and the second never hears of an error',
    file: 'src/fs/node-file.ts',
    find: '    fdatasyncSync(this.#syncDescriptor);\n',
    replace: '    fdatasyncSync(this.#descriptor);\n',
    tests: ['test/fs/node-file.test.ts > the two ways to sync have a descriptor each'],
  },
  {
    name: 'the directory above a new store is not synced',
    file: 'src/fs/node.ts',
    find: '        this.#unsynced.add(dirname(made));\n',
    replace: '',
    tests: ['test/fs/node-file.test.ts > a directory is synced with those that were made for it'],
  },
];
