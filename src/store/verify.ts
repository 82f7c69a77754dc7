/** Reads everything the store stands on, and says what is wrong with it. Changes nothing. */
import type { Damage } from '../errors.ts';
import { type Task, wait } from '../fs/task.ts';
import { checkSignal, type WorkOptions } from '../options.ts';
import { BufferedFile } from '../wal/buffered-file.ts';
import { decodeWalHeader, WAL_HEADER_SIZE } from '../wal/wal-header.ts';
import { scanWal } from '../wal/wal-reader.ts';
import type { Engine } from './engine.ts';
import type { Manner } from './environment.ts';
import { walName } from './file-names.ts';

export interface VerifyReport {
  readonly isSound: boolean;
  readonly damage: readonly Damage[];
  readonly snapshots: number;
  readonly snapshotBytes: number;
  /** Of the WAL that is written now. */
  readonly walFrames: number;
  readonly walBytes: number;
}

/** Requires: no commit is being written meanwhile (it runs alone in the queue, in part). */
export function* verifySnapshots(
  engine: Engine,
  manner: Manner,
  options: WorkOptions,
): Task<Damage[]> {
  const damage: Damage[] = [];
  let before = 0;
  for (const reader of engine.state.snapshots) {
    const found = yield* reader.verify({
      pause: manner.pause,
      check: () => checkSignal(options.signal),
      onProgress: ({ bytes }) =>
        options.onProgress?.({ phase: 'verify', done: before + bytes, unit: 'bytes' }),
    });
    damage.push(...found);
    before += reader.footer.length;
  }
  return damage;
}

/** The WAL that is written now, read from the file up to where it was written. */
export function* verifyWal(
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
    const { offset } = writer.tip;
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
