/** Reads everything the store stands on, and says what is wrong with it. Changes nothing. */
import type { Damage } from '../errors.ts';
import { runAsync, type Task, wait } from '../fs/task.ts';
import { checkSignal, guardProgress, type WorkOptions } from '../options.ts';
import { BufferedFile } from '../wal/buffered-file.ts';
import { decodeWalHeader, WAL_HEADER_SIZE } from '../wal/wal-header.ts';
import { scanWal } from '../wal/wal-reader.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Engine } from './engine.ts';
import { type Manner, waitingManner } from './environment.ts';
import { walName } from './file-names.ts';
import { toStorageError } from './host-error.ts';
import { recountStack } from './recount.ts';

export interface VerifyReport {
  readonly isSound: boolean;
  readonly damage: readonly Damage[];
  readonly snapshots: number;
  readonly snapshotBytes: number;
  /** Of the WAL that is written now. */
  readonly walFrames: number;
  readonly walBytes: number;
}

/** Throws ABORTED, IO, PERMISSION. */
export async function verifyStore(
  engine: Engine,
  queue: CommitQueue,
  options: WorkOptions,
): Promise<VerifyReport> {
  try {
    const manner = waitingManner(engine.environment);
    const { snapshots } = engine.state;
    const found = await runAsync(verifySnapshots(engine, manner, options));
    const wal = await queue.runAlone(() => verifyWal(engine));
    const damage = [...found, ...wal.damage];
    return {
      isSound: damage.length === 0,
      damage,
      snapshots: snapshots.length,
      snapshotBytes: snapshots.reduce((size, reader) => size + reader.footer.length, 0),
      walFrames: wal.frames,
      walBytes: wal.bytes,
    };
  } catch (error) {
    throw toStorageError(error, { doing: 'the store could not be read' });
  }
}

function* verifySnapshots(engine: Engine, manner: Manner, options: WorkOptions): Task<Damage[]> {
  const onProgress = guardProgress(options.onProgress, engine.options.logger);
  const damage: Damage[] = [];
  const steps = { pause: manner.pause, check: () => checkSignal(options.signal) };
  const { snapshots } = engine.state;
  let before = 0;
  for (const reader of snapshots) {
    const found = yield* reader.verify({
      ...steps,
      onProgress: ({ bytes }) =>
        onProgress({ phase: 'verify', done: before + bytes, unit: 'bytes' }),
    });
    for (const one of found) damage.push(one);
    before += reader.footer.length;
    onProgress({ phase: 'verify', done: before, unit: 'bytes' });
  }
  damage.push(...(yield* recountStack(snapshots, steps)));
  return damage;
}

/**
 * The WAL that is written now, read from the file up to where it was written. Requires: no commit
 * is being written meanwhile.
 */
function* verifyWal(
  engine: Engine,
): Task<{ readonly damage: Damage[]; readonly frames: number; readonly bytes: number }> {
  const { writer } = engine;
  if (writer === undefined) return { damage: [], frames: 0, bytes: 0 };
  const name = walName(writer.header.generation);
  const file = new BufferedFile(yield* wait(engine.fs.open(name, 'read')));
  try {
    const read = decodeWalHeader(file.read(0, WAL_HEADER_SIZE));
    if (read.kind !== 'header') {
      return {
        damage: [{ file: name, offset: 0, reason: 'the header does not verify' }],
        frames: 0,
        bytes: 0,
      };
    }
    // Behind the watermark of a WAL that is not trusted there is nothing that the store stands on.
    const { offset } = writer.isPoisoned ? writer.durable : writer.tip;
    const scan = scanWal(file, read.header, { endOffset: offset });
    const damage =
      scan.break === undefined
        ? []
        : [{ file: name, offset: scan.break.offset, reason: scan.break.reason }];
    return { damage, frames: scan.frameCount, bytes: scan.tip.offset };
  } finally {
    file.close();
  }
}
