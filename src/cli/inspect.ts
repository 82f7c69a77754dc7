/** `onewal inspect`: every file by itself, also of a store that does not open. */
import { openSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bytesEqual } from '../bytes/bytes.ts';
import { UsageError } from '../errors.ts';
import type { File } from '../fs/file-system.ts';
import { NodeFile } from '../fs/node-file.ts';
import { MAGIC } from '../snapshot/format.ts';
import { parseFileName } from '../store/file-names.ts';
import { isMissing } from '../store/host-error.ts';
import { BufferedFile } from '../wal/buffered-file.ts';
import { WAL_HEADER_COPY_SIZE, WAL_MAGIC } from '../wal/wal-header.ts';
import type { Call, Command } from './command.ts';
import { ExitCode } from './exit-code.ts';
import { inspectSnapshot } from './inspect-snapshot.ts';
import { inspectWal } from './inspect-wal.ts';
import type { Inspection, InspectionOptions } from './inspection.ts';
import { MapRegister } from './map-register.ts';
import { reportText } from './report-text.ts';
import { type ListedFile, listFiles } from './store-files.ts';

const LIMIT_DEFAULT = 1000;

export const inspectCommand: Command = {
  name: 'inspect',
  synopsis: 'DIR|FILE [--frames] [--operations] [--blocks] [--limit N] [--json]',
  summary: 'what stands in every file, or in one, damaged or not',
  details: `  --frames         list the frames of WALs, each with the state of its checksums
  --operations     list what the commits in WALs do
  --blocks         list the blocks of snapshots
  --limit N        at most N rows in a list; ${LIMIT_DEFAULT} by default
  --json           the same as JSON

  Each file is judged by itself: a break that one WAL alone shows as torn may be damage by the
  witness of another, which "onewal verify DIR" knows.`,
  options: {
    json: { type: 'boolean' },
    frames: { type: 'boolean' },
    operations: { type: 'boolean' },
    blocks: { type: 'boolean' },
    limit: { type: 'string' },
  },
  operandCount: { min: 1, max: 1 },
  run: inspect,
};

async function inspect({ given, output }: Call): Promise<ExitCode> {
  const options: InspectionOptions = {
    listsFrames: given.isSet('frames'),
    listsOperations: given.isSet('operations'),
    listsBlocks: given.isSet('blocks'),
    limit: given.count('limit') ?? LIMIT_DEFAULT,
    maps: new MapRegister(),
  };
  const inspections = inspectPath(given.operand(0), options);
  const files = inspections.map(({ report }) => report);
  if (given.isSet('json')) await output.line(JSON.stringify({ files }, null, 2));
  else await output.line(files.map(reportText).join('\n\n'));
  return inspections.some(({ isDamaged }) => isDamaged) ? ExitCode.damage : ExitCode.fine;
}

function inspectPath(path: string, options: InspectionOptions): Inspection[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError('NOT_FOUND', `there is nothing at ${path}`);
  if (stats.isFile()) return inspectFile(path, options);
  const files = stats.isDirectory() ? listFiles(path) : [];
  if (!files.some(isOfStore)) throw new UsageError('NOT_FOUND', `there is no store at ${path}`);
  return files.flatMap((file) => {
    if (isOfStore(file)) return inspectFile(join(path, file.name), options);
    const { name, kind, size } = file;
    return [{ report: { file: name, kind, size }, isDamaged: false }];
  });
}

function isOfStore({ kind }: ListedFile): boolean {
  return kind === 'WAL' || kind === 'snapshot';
}

/** None when a writer beside us has removed the file meanwhile. */
function inspectFile(path: string, options: InspectionOptions): Inspection[] {
  const file = openFile(path);
  if (file === undefined) return [];
  try {
    const name = basename(path);
    const buffered = new BufferedFile(file);
    const kind = kindOf(buffered, name);
    const { report, isDamaged } = inspectAs(kind, { file, buffered }, options);
    return [{ report: { file: name, kind, size: buffered.size, ...report }, isDamaged }];
  } finally {
    file.close();
  }
}

function openFile(path: string): File | undefined {
  try {
    return new NodeFile(openSync(path, 'r'));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

type Kind = 'WAL' | 'snapshot' | 'neither a WAL nor a snapshot';

function inspectAs(
  kind: Kind,
  { file, buffered }: { readonly file: File; readonly buffered: BufferedFile },
  options: InspectionOptions,
): Inspection {
  if (kind === 'WAL') return inspectWal(buffered, options);
  if (kind === 'snapshot') return inspectSnapshot(file, options);
  return { report: {}, isDamaged: false };
}

/** By what is in the file: a name is a hint, for when the file does not say. */
function kindOf(file: BufferedFile, name: string): Kind {
  const starts = (offset: number, magic: Uint8Array) =>
    bytesEqual(file.read(offset, magic.length), magic);
  if (starts(0, MAGIC)) return 'snapshot';
  if (starts(0, WAL_MAGIC) || starts(WAL_HEADER_COPY_SIZE, WAL_MAGIC)) return 'WAL';
  switch (parseFileName(name)?.kind) {
    case 'wal':
      return 'WAL';
    case 'snap':
      return 'snapshot';
    default:
      return 'neither a WAL nor a snapshot';
  }
}
