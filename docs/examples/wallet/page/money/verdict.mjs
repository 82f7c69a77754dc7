// @ts-check
/** What a kill has left of a transfer, by the states before and after it. */

/** @import { BankState, Transfer } from './bank.mjs' */

/** @typedef {ReturnType<typeof judge>} Verdict */

/**
 * `outcome`: all of the transfer is there, nothing, or neither. `gain`: money that came from nowhere;
 * less than 0 for what is gone. `isForgotten`: it was acknowledged, and is not whole.
 *
 * @param {BankState} before
 * @param {BankState} after
 * @param {{ readonly transfer: Transfer, readonly isAcknowledged: boolean }} attempt
 */
export function judge(before, after, { transfer, isAcknowledged }) {
  const { from, to, amount } = transfer;
  const moved = (/** @type {string} */ name) =>
    (after.balances.get(name) ?? 0n) - (before.balances.get(name) ?? 0n);
  const others = [...before.balances.keys()].filter((name) => name !== from && name !== to);
  const areOthersSame =
    after.balances.size === before.balances.size && others.every((name) => moved(name) === 0n);
  const added = after.entries.length - before.entries.length;
  const [taken, given] = [moved(from) === -amount, moved(to) === amount];
  const [kept, missing] = [moved(from) === 0n, moved(to) === 0n];
  /** @type {'whole' | 'absent' | 'half'} */
  let outcome = 'half';
  if (areOthersSame && taken && given && added === 1) outcome = 'whole';
  if (areOthersSame && kept && missing && added === 0) outcome = 'absent';
  return {
    outcome,
    isTaken: taken,
    isGiven: given,
    gain: after.sum - before.sum,
    isForgotten: isAcknowledged && outcome !== 'whole',
  };
}
