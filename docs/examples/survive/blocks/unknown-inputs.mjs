// @ts-check
/**
 * A file that starts in the middle of the chain spends coins that no block of it made. That is no
 * fault of the file; the same in a file that has every block is.
 */

import { outpointText } from '../../bitcoin/outpoint.mjs';
import { InputError } from '../../input-error.mjs';
import { Ledger } from './ledger.mjs';

/** @import { Chain } from '../../bitcoin/block-file.mjs' */

/** @param {Chain} chain @param {boolean} isStrict @throws {InputError} */
export function refuseUnknownInputs(chain, isStrict) {
  if (!isStrict && !chain.isWhole) return;
  const ledger = new Ledger(chain);
  ledger.advance(ledger.lastHeight);
  const [first] = ledger.unknown;
  if (first === undefined) return;
  const example = `block ${first.height} spends ${outpointText(first.outpoint)}`;
  throw new InputError(`${ledger.unknown.length} unknown inputs, the first: ${example}`);
}
