// @ts-check
/**
 * What a node does all its life: units become stable, and it answers their triggers in order. After
 * a crash it goes on where its store says it was.
 */

/** @import { Trigger } from './chain.mjs' */
/** @import { Response } from './handle-trigger.mjs' */
/** @import { Tables } from './ledger.mjs' */

/**
 * @typedef {object} Node
 * @property {Tables} tables
 * @property {(triggers: Trigger[]) => Promise<void>} stabilise
 * @property {(trigger: Trigger) => Promise<Response[]>} answer
 * @property {() => Promise<void>} close
 */

/**
 * @param {Node} node
 * @param {Trigger[][]} chain
 * @param {(trigger: Trigger, responses: Response[]) => void} [onAnswer] the answer is durable
 */
export async function followChain(node, chain, onAnswer) {
  for (const triggers of chain) {
    if (!isStable(node, triggers)) await node.stabilise(triggers);
    for (const { value: trigger } of node.tables.triggers.getRange()) {
      const responses = await node.answer(trigger);
      onAnswer?.(trigger, responses);
    }
  }
}

/** @param {Node} node @param {Trigger[]} triggers */
function isStable({ tables }, triggers) {
  return triggers.every(({ mci, unit }) => tables.units.has([mci, unit]));
}
