// @ts-check
/**
 * Compares a store with what the blocks up to its tip leave behind: every coin, every coin by its
 * script, what each block took away, each header, and nothing besides.
 */

import { hex } from '../../bitcoin/block.mjs';
import { outpointText } from '../../bitcoin/outpoint.mjs';
import { halfApplied, lost, otherFault } from '../tally.mjs';
import { coinCodec } from './coins.mjs';
import { scriptKeyOf } from './maps.mjs';

/** @import { Fault } from '../tally.mjs' */
/** @import { PlacedCoin } from './coins.mjs' */
/** @import { Ledger } from './ledger.mjs' */
/** @import { Maps } from './maps.mjs' */

/** The newest block that was reported. @typedef {{ height: number, sequence: number }} Acknowledged */

/**
 * Moves the ledger on to the tip of the store.
 *
 * @param {Maps} maps
 * @param {Ledger} ledger
 * @param {{ sequence: number, acknowledged: Acknowledged }} known the store is at `sequence`
 * @returns {Fault[]}
 */
export function faultsIn(maps, ledger, { sequence, acknowledged }) {
  const tip = maps.headers.get('tip')?.height ?? ledger.chain.firstHeight - 1;
  const expected = Math.max(acknowledged.height, ledger.height);
  if (tip < expected || sequence < acknowledged.sequence) {
    return [lost(`block ${expected} must be there, and the tip is ${tip} at sequence ${sequence}`)];
  }
  const last = ledger.lastHeight;
  if (tip > last) return [otherFault(`the tip is ${tip}, and the last block is ${last}`)];
  ledger.advance(tip);
  return [
    ...sequenceFaults(sequence, ledger.undo.size),
    ...coinFaults(maps, ledger),
    ...undoFaults(maps, ledger),
    ...headerFaults(maps, ledger),
  ];
}

/**
 * Sequence ids are consecutive, and every block is one commit.
 *
 * @param {number} sequence
 * @param {number} blocks
 */
function* sequenceFaults(sequence, blocks) {
  if (sequence === blocks) return;
  yield otherFault(`the store is at sequence ${sequence}, and holds ${blocks} blocks`);
}

/** @param {Maps} maps @param {Ledger} ledger */
function* coinFaults({ coins, coinsByScript }, ledger) {
  for (const placed of ledger.coins.values()) {
    const { outpoint, coin } = placed;
    const name = `coin ${outpointText(outpoint)} of block ${coin.height}`;
    const stored = coins.get(outpoint);
    if (stored === undefined) yield halfApplied(`${name} is missing`);
    else if (!isSame(placed, { outpoint, coin: stored })) yield halfApplied(`${name} is wrong`);
    if (coinsByScript.get(scriptKeyOf(placed)) !== undefined) continue;
    yield halfApplied(`${name} is missing among the coins by script`);
  }
  yield* countFaults('coins', coins.getCount(), ledger.coins.size);
  yield* countFaults('coins by script', coinsByScript.getCount(), ledger.coins.size);
}

/** @param {Maps} maps @param {Ledger} ledger */
function* undoFaults({ undo }, ledger) {
  for (const [height, spent] of ledger.undo) {
    const stored = undo.get(height);
    const isWhole =
      stored?.length === spent.length && spent.every((placed, i) => isSame(placed, stored[i]));
    if (!isWhole) yield halfApplied(`the undo data of block ${height} is wrong or missing`);
  }
  yield* countFaults('undo entries', undo.getCount(), ledger.undo.size);
}

/** @param {Maps} maps @param {Ledger} ledger */
function* headerFaults({ headers }, ledger) {
  const { firstHeight } = ledger.chain;
  for (let height = firstHeight; height <= ledger.height; height++) {
    const stored = headers.get(height);
    if (stored === undefined || hex(stored.header) !== hex(ledger.blockAt(height).header)) {
      yield halfApplied(`the header of block ${height} is wrong or missing`);
    }
  }
  const count = ledger.height - firstHeight + 1;
  yield* countFaults('headers', headers.getCount(), count === 0 ? 0 : count + 1); // the tip is there twice
}

/** @param {string} what @param {number} count @param {number} expected */
function* countFaults(what, count, expected) {
  if (count !== expected) yield halfApplied(`there are ${count} ${what}, and must be ${expected}`);
}

/** @param {PlacedCoin} a @param {PlacedCoin | undefined} b */
function isSame(a, b) {
  return b !== undefined && printed(a) === printed(b);
}

/** @param {PlacedCoin} placed */
const printed = ({ outpoint, coin }) => hex(outpoint) + hex(coinCodec.encode(coin));
