/**
 * Who holds which key, and who waits for it: first come, first served. Locks bind pessimistic
 * transactions among themselves, in memory.
 *
 * Invariant: nobody waits, over any number of others, for himself. Whoever would begin to is told.
 */
import { assert } from '../assert.ts';

/** One transaction. */
export class LockOwner {
  readonly held = new Set<string>();
  readonly waiting = new Set<Waiter>();
}

export interface Waiter {
  readonly owner: LockOwner;
  readonly place: string;
  grant(): void;
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
   * Queues `waiter` for a lock that somebody else holds. 'deadlock', with nothing done, where those
   * whom it would wait for wait for its owner.
   */
  wait(waiter: Waiter): 'waiting' | 'deadlock' {
    const lock = this.#locks.get(waiter.place);
    assert(lock !== undefined, 'only a lock that is held is waited for');
    if (this.#leadsTo(waiter.owner, [lock.holder, ...lock.waiters.map(({ owner }) => owner)])) {
      return 'deadlock';
    }
    lock.waiters.push(waiter);
    waiter.owner.waiting.add(waiter);
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

  /** Whether any of `from` is, or waits for, or waits for somebody who waits for, `sought`. */
  #leadsTo(sought: LockOwner, from: readonly LockOwner[]): boolean {
    const seen = new Set<LockOwner>();
    const open = from.filter((owner) => owner !== sought);
    for (let owner = open.pop(); owner !== undefined; owner = open.pop()) {
      if (seen.has(owner)) continue;
      seen.add(owner);
      const blockers = this.#blockersOf(owner);
      if (blockers.includes(sought)) return true;
      open.push(...blockers);
    }
    return false;
  }

  #blockersOf(owner: LockOwner): LockOwner[] {
    return [...owner.waiting].flatMap((waiter) => {
      const lock = this.#locks.get(waiter.place);
      if (lock === undefined) return [];
      const ahead = lock.waiters.slice(0, lock.waiters.indexOf(waiter));
      return [lock.holder, ...ahead.map((other) => other.owner)].filter((other) => other !== owner);
    });
  }
}
