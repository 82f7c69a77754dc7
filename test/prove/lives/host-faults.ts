/** What a host may answer instead of doing what it was asked for. */
import type { Fault, FaultPlan, PortCall, PortCallKind } from '../../../src/testing/index.ts';
import type { Scale } from '../gate.ts';

export interface HostFault {
  /** The number of the call, from where the fault is armed. */
  readonly at: number;
  readonly kind: PortCallKind;
  readonly fault: Fault;
  /** What the host says when it is asked to write what a short write has left. */
  readonly rest?: string;
  readonly repetition: Repetition;
}

/** The call alone; with every later call of its kind; with every later call. */
type Repetition = 'once' | 'its kind' | 'everything';

const OPENING = [
  'EIO',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EMFILE',
  'ENFILE',
  'EACCES',
  'EPERM',
] as const;
const WRITING = ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EPERM'] as const;
const SYNCING = ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS'] as const;

/** By the manual pages of Linux. ENOENT is not among them: that would be a file that is gone. */
const CODES: { readonly [kind in PortCallKind]: readonly string[] } = {
  open: OPENING,
  list: ['EIO', 'EMFILE', 'EACCES'],
  remove: ['EIO', 'EROFS', 'EACCES', 'EPERM', 'EBUSY'],
  syncDirectory: [...SYNCING, 'EMFILE', 'EACCES'],
  lock: ['EIO', 'ENOSPC', 'EROFS', 'EMFILE', 'EACCES'],
  release: ['EIO'],
  free: ['EIO', 'EACCES'],
  read: ['EIO', 'EAGAIN'],
  write: WRITING,
  truncate: ['EIO', 'EROFS', 'EPERM', 'EFBIG'],
  size: ['EIO'],
  sync: SYNCING,
  syncNow: SYNCING,
  close: ['EIO', 'ENOSPC', 'EDQUOT'],
};
/** How many lengths of a short write are tried; a write that is not longer has each of them. */
const SHORT_COUNTS: { readonly [scale in Scale]: number } = { ci: 3, full: 12, long: 512 };

/** `call` is counted from where the fault will be armed. */
export function* faultsAt(
  { index: at, kind, byteCount = 0 }: PortCall,
  scale: Scale,
): Generator<HostFault> {
  const codes = scale === 'ci' ? CODES[kind].slice(0, 2) : CODES[kind];
  for (const code of codes) {
    for (const repetition of ['once', 'its kind', 'everything'] as const) {
      if (repetition === 'everything' && code !== 'EIO') continue;
      yield { at, kind, fault: { kind: 'fail', code }, repetition };
    }
  }
  if (kind !== 'read' && kind !== 'write') return;
  for (const count of shortCounts(byteCount, SHORT_COUNTS[scale])) {
    // A read of nothing is the end of the file: no host says so where it is not.
    if (count === 0 && kind === 'read') continue;
    const short = { at, kind, fault: { kind: 'short', byteCount: count } } as const;
    yield { ...short, repetition: 'once' };
    if (kind === 'write') {
      yield { ...short, rest: 'ENOSPC', repetition: 'once' };
      yield { ...short, rest: 'EIO', repetition: 'its kind' };
    }
    if (count * 2 <= byteCount) {
      yield { ...short, repetition: 'its kind' };
    }
  }
}

/** Nothing, all but one byte, and what is evenly between. */
function shortCounts(byteCount: number, countMax: number): Set<number> {
  const last = Math.max(0, byteCount - 1);
  const steps = Math.min(countMax - 1, last);
  if (byteCount === 0) return new Set();
  return new Set(
    Array.from({ length: steps + 1 }, (_, step) => Math.round((last * step) / Math.max(1, steps))),
  );
}

/**
 * `start` is the index of the first call that counts. A lock that is never released keeps the store
 * closed for as long as its process lives: `everything` leaves that out.
 */
export function planOf(
  { at, kind: first, fault, rest, repetition }: HostFault,
  start: number,
): FaultPlan {
  let isRest = false;
  return ({ index, kind, byteCount = 0 }) => {
    if (index < start + at) return undefined;
    const isFirst = index === start + at;
    if (rest !== undefined) {
      if (isFirst) return fault;
      const isMeant = kind === 'write' && (repetition === 'its kind' || !isRest);
      if (isMeant) isRest = true;
      return isMeant ? { kind: 'fail', code: rest } : undefined;
    }
    const isMeant = {
      once: isFirst,
      'its kind': isAlike(kind, first),
      everything: isFirst || kind !== 'release',
    }[repetition];
    const isShort = fault.kind === 'short' && byteCount <= fault.byteCount;
    return isMeant && !isShort ? fault : undefined;
  };
}

function isAlike(kind: PortCallKind, first: PortCallKind): boolean {
  const isSync = (asked: PortCallKind) => asked === 'sync' || asked === 'syncNow';
  return kind === first || (isSync(kind) && isSync(first));
}

export function describeFault({ at, fault, rest, repetition }: HostFault, call: PortCall): string {
  const count = fault.kind === 'short' ? `${fault.byteCount} of ${call.byteCount} bytes` : '';
  const what = fault.kind === 'fail' ? fault.code : `${count}${rest ? `, then ${rest}` : ''}`;
  return `${what} ${repetition} at call ${at}, ${call.kind} ${call.file ?? ''}`.trim();
}
