/**
 * Who holds which key, and who waits for it: first come, first served. Locks bind pessimistic
 * transactions among themselves, in memory.
 *
 * Invariant: nobody waits, over any number of others, for himself. Of those whom a wait would join in
 * a circle, the youngest is told, so that the oldest of all always gets through.
 */
import { assert } from '../assert.ts';

/** One transaction. */
export class LockOwner {
  /** Unique; the higher, the younger. */
  readonly born: number;
  readonly held = new Set<string>();
  readonly waiting = new Set<Waiter>();

  constructor(born: number) {
    this.born = born;
  }
}

export interface Waiter {
  readonly owner: LockOwner;
  readonly place: string;
  grant(): void;
  /** It waits no longer: it was in a circle, and is of the youngest there. */
  refuse(): void;
}

interface Lock {
  holder: LockOwner;
  /** In the order in which they came. */
  waiters: Waiter[];
}

export class KeyLocks {
  readonly #locks = new Map<string, Lock>();
  /** What ends a wait, of all that are under way. */
  readonly onStop = new Set<(error: unknown) => void>();

  /** Takes the lock if it is free; true if `owner` holds it now. */
  take(owner: LockOwner, place: string): boolean {
    const lock = this.#locks.get(place);
    if (lock !== undefined) return lock.holder === owner;
    this.#locks.set(place, { holder: owner, waiters: [] });
    owner.held.add(place);
    return true;
  }

  /**
   * Queues `waiter` for a lock that somebody else holds, and refuses whoever is the youngest in a
   * circle that it closes. 'deadlock', with nothing done, where that is its own owner.
   */
  wait(waiter: Waiter): 'waiting' | 'deadlock' {
    const { owner } = waiter;
    const lock = this.#locks.get(waiter.place);
    assert(lock !== undefined, 'only a lock that is held is waited for');
    lock.waiters.push(waiter);
    owner.waiting.add(waiter);
    if (this.#findCircle(owner, ({ born }) => born < owner.born) !== undefined) {
      this.giveUp(waiter);
      return 'deadlock';
    }
    for (let circle = this.#findCircle(owner); circle !== undefined; ) {
      const victim = circle.reduce((one, other) =>
        one.owner.born > other.owner.born ? one : other,
      );
      this.giveUp(victim);
      victim.refuse();
      circle = this.#findCircle(owner);
    }
    return 'waiting';
  }

  giveUp(waiter: Waiter): void {
    const lock = this.#locks.get(waiter.place);
    waiter.owner.waiting.delete(waiter);
    if (lock !== undefined) lock.waiters = lock.waiters.filter((other) => other !== waiter);
  }

  /** Lets go of everything that `owner` holds and waits for. */
  release(owner: LockOwner): void {
    for (const waiter of [...owner.waiting]) this.giveUp(waiter);
    const places = [...owner.held];
    owner.held.clear();
    for (const place of places) this.#passOn(place);
  }

  #passOn(place: string): void {
    const lock = this.#locks.get(place);
    const next = lock?.waiters[0];
    if (lock === undefined || next === undefined) {
      this.#locks.delete(place);
      return;
    }
    const { owner } = next;
    const granted = lock.waiters.filter((waiter) => waiter.owner === owner);
    lock.holder = owner;
    lock.waiters = lock.waiters.filter((waiter) => waiter.owner !== owner);
    owner.held.add(place);
    for (const waiter of granted) owner.waiting.delete(waiter);
    for (const waiter of granted) waiter.grant();
  }

  /**
   * The waits by which `owner` waits for itself, one of each transaction on the way, over none but
   * those who `may` be on it.
   */
  #findCircle(
    owner: LockOwner,
    may: (other: LockOwner) => boolean = () => true,
  ): Waiter[] | undefined {
    const reachedBy = new Map<LockOwner, Waiter>();
    const open = [owner];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const waiter of next.waiting) {
        for (const blocker of this.#blockersOf(waiter)) {
          if (blocker === owner) return circleOf(waiter, reachedBy);
          if (reachedBy.has(blocker) || !may(blocker)) continue;
          reachedBy.set(blocker, waiter);
          open.push(blocker);
        }
      }
    }
    return undefined;
  }

  #blockersOf(waiter: Waiter): LockOwner[] {
    const lock = this.#locks.get(waiter.place);
    if (lock === undefined) return [];
    const ahead = lock.waiters.slice(0, lock.waiters.indexOf(waiter));
    const blockers = [lock.holder, ...ahead.map(({ owner }) => owner)];
    return blockers.filter((owner) => owner !== waiter.owner);
  }
}

function circleOf(last: Waiter, reachedBy: ReadonlyMap<LockOwner, Waiter>): Waiter[] {
  const circle: Waiter[] = [];
  for (let waiter: Waiter | undefined = last; waiter !== undefined; ) {
    circle.push(waiter);
    waiter = reachedBy.get(waiter.owner);
  }
  return circle;
}
