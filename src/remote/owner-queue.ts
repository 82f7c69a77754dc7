/**
 * Whose turn it is to open the store. Web Locks are the queue: the next one has its turn as soon as
 * the tab before it is gone. It guards nothing: that is the lock of the store.
 */

/** `navigator.locks`. */
export interface TabLocks {
  request(
    name: string,
    options: { readonly signal: AbortSignal } | { readonly steal: true },
    callback: (lock: object | null) => Promise<void>,
  ): Promise<void>;
}

export interface QueueTurn {
  /** It was taken from somebody who does not know of it yet. */
  readonly isStolen: boolean;
  /** Resolves when somebody else has taken it. */
  readonly lost: Promise<void>;
  /** Safe to call twice. */
  release(): void;
}

/** Only one has a turn at a time. */
export interface OwnerQueue {
  /** Rejects when the signal aborts before it is this one's turn. */
  next(signal: AbortSignal): Promise<QueueTurn>;
  /** Takes the turn of whoever has it. */
  steal(): Promise<QueueTurn>;
}

export function lockQueue(locks: TabLocks, name: string): OwnerQueue {
  return {
    next: (signal) => request(locks, name, { signal }),
    steal: () => request(locks, name, { steal: true }),
  };
}

function request(
  locks: TabLocks,
  name: string,
  options: { readonly signal: AbortSignal } | { readonly steal: true },
): Promise<QueueTurn> {
  return new Promise((resolve, reject) => {
    let tellLost: () => void = () => undefined;
    const lost = new Promise<void>((resolveLost) => {
      tellLost = resolveLost;
    });
    const held = locks.request(name, options, () => {
      return new Promise<void>((release) => {
        resolve({ isStolen: 'steal' in options, lost, release });
      });
    });
    // Before it was granted that says why not; afterwards that it was stolen.
    held.catch((error: unknown) => {
      reject(error);
      tellLost();
    });
  });
}
