/** `onewal verify`: reads everything, says what is wrong with it and which recovery mode helps. */
import { CorruptionError, type Damage } from '../errors.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { Store } from '../index-node.ts';
import type { RecoveryMode } from '../options.ts';
import { resolveLocation } from '../store/host.ts';
import type { Call, Command } from './command.ts';
import { ExitCode } from './exit-code.ts';
import { damageInPassedWals } from './passed-wals.ts';
import { type Report, reportText } from './report-text.ts';
import { hasUnfinishedLoad } from './unfinished-load.ts';

export const verifyCommand: Command = {
  name: 'verify',
  synopsis: 'DIR [--strict] [--json]',
  summary: 'reads every file, reports all damage and what helps; exit code 1 if there is any',
  details: `  --strict         a torn tail counts as damage, too. Without it, it does not: bytes that were never
                   acknowledged are what any crash may leave, and the next open drops them.
  --json           the same as JSON`,
  options: { json: { type: 'boolean' }, strict: { type: 'boolean' } },
  operandCount: { min: 1, max: 1 },
  run: verify,
};

/** A `Damage` as part of a report, which an interface cannot be. */
type Place = { readonly file: string; readonly offset: number; readonly reason: string };

interface Finding {
  readonly report: Report & { readonly damage: readonly Place[] };
  readonly isSound: boolean;
}

async function verify({ given, output }: Call): Promise<ExitCode> {
  const finding = await examineStore(given.operand(0));
  const isTorn = finding.report.tornBytes !== undefined;
  const isFine = finding.isSound && !(isTorn && given.isSet('strict'));
  await output.line(
    given.isSet('json') ? JSON.stringify(finding.report, null, 2) : reportText(finding.report),
  );
  return isFine ? ExitCode.fine : ExitCode.damage;
}

/** Throws what is no damage: NOT_FOUND, FORMAT_TOO_NEW, IO ... */
export async function examineStore(location: string | FileSystem): Promise<Finding> {
  const opened = await tryOpen(location, 'strict');
  const finding = opened.isOpen ? describeOpen(opened) : await diagnose(location, opened.error);
  const passed = await damageInPassedWals(resolveLocation(location));
  if (passed.length === 0) return finding;
  const { report } = finding;
  return {
    isSound: false,
    report: {
      ...report,
      ...(finding.isSound ? { result: HARMLESS_RESULT, advice: [WHOLE_ADVICE] } : {}),
      damage: distinct([...report.damage, ...passed]),
    },
  };
}

/** What an open in one mode comes to. Nothing is kept open. */
type Opened =
  | {
      readonly isOpen: true;
      readonly location: string;
      readonly sequence: number;
      readonly commitsLost: number;
      readonly tornBytes: number;
      readonly notes: readonly string[];
      readonly hasUnfinishedLoad: boolean;
      /** In the snapshots that it stands on. */
      readonly damage: readonly Damage[];
    }
  | { readonly isOpen: false; readonly error: CorruptionError };

/** Throws what is no damage: NOT_FOUND, FORMAT_TOO_NEW, IO ... */
async function tryOpen(location: string | FileSystem, recovery: RecoveryMode): Promise<Opened> {
  try {
    const store = await Store.open(location, { readOnly: true, recovery });
    try {
      return await openedFacts(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof CorruptionError) return { isOpen: false, error };
    throw error;
  }
}

async function openedFacts(store: Store): Promise<Opened> {
  const { location, sequence, recovery, loss } = store.info;
  const { damage } = await store.verify();
  return {
    isOpen: true,
    location,
    sequence,
    commitsLost: loss?.commitsLost ?? 0,
    tornBytes: recovery.wal === 'torn' ? recovery.droppedBytes : 0,
    notes: recovery.notes,
    hasUnfinishedLoad: hasUnfinishedLoad(store),
    damage,
  };
}

/** Notes are of damage that costs nothing yet: a copy of a header, an older snapshot. */
function describeOpen(opened: Opened & { readonly isOpen: true }): Finding {
  const { location, sequence, tornBytes, notes, damage } = opened;
  const isSound = notes.length === 0 && damage.length === 0;
  return {
    isSound,
    report: {
      store: location,
      result: isSound ? 'sound' : HARMLESS_RESULT,
      sequence,
      ...(tornBytes > 0 ? { tornBytes, tornTail: TORN_ADVICE } : {}),
      ...(opened.hasUnfinishedLoad ? { unfinishedLoad: true } : {}),
      damage: damage.map(placeOf),
      notes,
      ...(isSound ? {} : { advice: [WHOLE_ADVICE] }),
    },
  };
}

const HARMLESS_RESULT = 'damaged, and no commit that any file knows of is lost';

const TORN_ADVICE =
  'bytes that were never acknowledged: the next open (safe, the default) drops them';

const WHOLE_ADVICE =
  'back it up; any mode opens it, and its next checkpoints replace the damaged files';

/** The store does not open in strict mode. */
async function diagnose(location: string | FileSystem, refusal: CorruptionError): Promise<Finding> {
  const safe = await tryOpen(location, 'safe');
  const isOnlyTorn = safe.isOpen && safe.tornBytes > 0 && refusal.report.damage.length <= 1;
  if (safe.isOpen && isOnlyTorn && safe.damage.length === 0) return describeOpen(safe);
  const modes: (readonly [RecoveryMode, Opened])[] = [['safe', safe]];
  for (const mode of ['skip-corrupt', 'point-in-time', 'inspect'] as const) {
    modes.push([mode, await tryOpen(location, mode)]);
  }
  const places = [refusal.report.damage, ...modes.map(([, opened]) => damageOf(opened))].flat();
  const advice = modes.map(([mode, opened]) => `${mode}: ${outcomeOf(opened)}`);
  return {
    isSound: false,
    report: {
      store: resolveLocation(location).facts.location,
      result: 'damaged',
      refusal: `${refusal.code}: ${refusal.message}`,
      damage: distinct(places),
      advice: [...advice, 'back up the directory before any of them; "onewal inspect" shows more'],
    },
  };
}

function damageOf(opened: Opened): readonly Damage[] {
  return opened.isOpen ? opened.damage : opened.error.report.damage;
}

function outcomeOf(opened: Opened): string {
  if (!opened.isOpen) return `refuses (${opened.error.code})`;
  const { sequence, commitsLost, damage } = opened;
  const lost = commitsLost === 0 ? 'no commit known to be lost' : `${commitsLost} commits lost`;
  const unreadable = damage.length === 0 ? '' : '; what stands in damaged blocks cannot be read';
  return `opens at commit ${sequence}, ${lost}${unreadable}`;
}

function distinct(places: readonly Damage[]): Place[] {
  const byPlace = new Map(places.map((place) => [`${place.file}@${place.offset}`, placeOf(place)]));
  return [...byPlace.values()];
}

function placeOf({ file, offset, reason }: Damage): Place {
  return { file, offset, reason };
}
