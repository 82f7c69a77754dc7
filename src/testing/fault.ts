/** What can go wrong at a call of the file-system port, and plans that say at which call. */

export type PortCallKind =
  | 'open'
  | 'list'
  | 'remove'
  | 'syncDirectory'
  | 'lock'
  | 'release'
  | 'free'
  | 'read'
  | 'write'
  | 'truncate'
  | 'size'
  | 'sync'
  | 'syncNow'
  | 'close';

export interface PortCall {
  /** Counts all calls to the disk, from 0. */
  readonly index: number;
  readonly kind: PortCallKind;
  /** The name the file was opened, or is to be removed, by. */
  readonly file?: string;
  /** Bytes asked for, by a read or a write. */
  readonly byteCount?: number;
}

/**
 * What a failed write-back leaves behind:
 * `ext4`: the pages count as clean: readable until a crash, then lost; no later sync writes them.
 * `btrfs`: what was not durable is gone at once.
 * `delayed`: as ext4, but this sync reports success and the next one the error.
 * `lying`: success is reported and nothing is durable; a later honest sync makes it so.
 * `alone`: the call fails and nothing else happens: no other sync is told, and a later one succeeds.
 */
export type SyncPersonality = 'ext4' | 'btrfs' | 'delayed' | 'lying' | 'alone';

export type Fault =
  /** Nothing happens any more, from before this call on, or after so many bytes of this write. */
  | { readonly kind: 'crash'; readonly afterBytes?: number }
  /** The call throws and has no effect; a sync that fails so leaves what `ext4` leaves. */
  | { readonly kind: 'fail'; readonly code: string }
  /** A read or a write does only so many bytes. */
  | { readonly kind: 'short'; readonly byteCount: number }
  /** `code` is EIO unless given. */
  | { readonly kind: 'sync'; readonly personality: SyncPersonality; readonly code?: string };

/** Asked before every call; `undefined` lets it happen. */
export type FaultPlan = (call: PortCall) => Fault | undefined;

/** The fault at the call with this index, and at no other. */
export function faultAt(index: number, fault: Fault): FaultPlan {
  return (call) => (call.index === index ? fault : undefined);
}

/** The fault at the call with this index and at all later ones, or at those of some kinds. */
export function faultFrom(index: number, fault: Fault, kinds?: readonly PortCallKind[]): FaultPlan {
  return (call) => {
    const isMeant = call.index >= index && (kinds?.includes(call.kind) ?? true);
    return isMeant ? fault : undefined;
  };
}

/** Thrown by every call once the simulated machine has crashed. No host error: it has no code. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';

  constructor() {
    super('the simulated machine has crashed');
  }
}
