/** Evidence of damage, copied before anything else is written. */
import { utf8Encode } from '../bytes/bytes.ts';
import type { LossReport } from '../errors.ts';
import { closeQuietly, type File, readFully, writeFully } from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import type { Engine } from './engine.ts';
import type { Manner } from './environment.ts';
import { quarantineName, quarantineReportName } from './file-names.ts';
import { lossToJson } from './loss.ts';
import type { Evidence, Recovered } from './recovered.ts';

const COPY_SIZE_MAX = 1 << 20;

/** Copies what a fresh loss report stands on; returns the report, with the names of the copies. */
export function* keepEvidence(
  engine: Engine,
  { loss, evidence }: Recovered,
  manner: Manner,
): Task<LossReport | undefined> {
  if (loss === undefined || evidence === undefined) return loss;
  const generation = engine.nextGeneration;
  const quarantine: string[] = [];
  for (const place of evidence) {
    const name = quarantineName(generation, place);
    quarantine.push(name);
    yield* copyTail(engine, place, { name, manner });
  }
  const name = quarantineReportName(generation);
  const report = { ...loss, quarantine: [...quarantine, name, ...loss.quarantine] };
  const text = utf8Encode(lossToJson(report));
  yield* write(engine, { name, manner }, (copy) => writeFully(copy, text, 0));
  yield* wait(engine.fs.syncDirectory());
  return report;
}

interface Copy {
  readonly name: string;
  readonly manner: Manner;
}

function* copyTail(engine: Engine, { file, offset }: Evidence, copy: Copy): Task<void> {
  const source = yield* wait(engine.fs.open(file, 'read'));
  try {
    yield* write(engine, copy, (target) => copyBytes(source, target, offset));
  } finally {
    closeQuietly(source);
  }
}

function copyBytes(source: File, target: File, start: number): void {
  const end = source.size();
  for (let at = start; at < end; at += COPY_SIZE_MAX) {
    const bytes = readFully(source, at, Math.min(COPY_SIZE_MAX, end - at));
    writeFully(target, bytes, at - start);
  }
}

function* write({ fs }: Engine, { name, manner }: Copy, fill: (file: File) => void): Task<void> {
  // An open that was cut short may have left a copy of this name: it is made anew.
  yield* wait(fs.remove(name));
  const file = yield* wait(fs.open(name, 'create'));
  try {
    fill(file);
    yield* wait(manner.sync(file));
  } finally {
    closeQuietly(file);
  }
}
