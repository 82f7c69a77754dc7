// @ts-check
/**
 * What `npm run example:aa` tells, line by line. The same seed tells the same.
 */
import { MemoryFileSystem } from 'onewal/memory';
import { chainOf } from './chain.mjs';
import { followChain } from './follow-chain.mjs';
import { faultsIn } from './invariants.mjs';
import { OneStore } from './one-store.mjs';
import { rehearse } from './rehearsal.mjs';
import { TwoStores } from './two-stores.mjs';

/** @import { Trigger } from './chain.mjs' */
/** @import { Response } from './handle-trigger.mjs' */
/** @import { Findings } from './rehearsal.mjs' */

/**
 * @param {{ seed: string, chainLength: number, print: (line: string) => void }} request
 * @returns {Promise<boolean>} whether one store has kept its promise
 */
export async function tell({ seed, chainLength, print }) {
  const chain = chainOf(seed, chainLength);
  print(`Agents answer triggers, seed ${seed}\n`);
  const isSound = await tellOfAnswers(chain, print);
  print('\nThe same, on a machine that crashes before every call to its disks:\n');
  const columns = ['crashes', 'images', 'split', 'diverged', 'lost'];
  print(row('', columns));
  const inTwo = await rehearse(TwoStores, chain);
  print(row('two stores, two commits', figuresOf(inTwo)));
  const inOne = await rehearse(OneStore, chain);
  print(row('one store, one transaction', figuresOf(inOne)));
  if (inTwo.firstSplit) {
    print(`\nTwo stores, as a crash before call ${inTwo.firstSplit.call} leaves them:`);
    for (const fault of inTwo.firstSplit.faults) print(`  ${fault}`);
  }
  return isSound && inOne.split + inOne.diverged + inOne.lost === 0;
}

/** @param {Trigger[][]} chain @param {(line: string) => void} print */
async function tellOfAnswers(chain, print) {
  const node = await OneStore.open([new MemoryFileSystem()]);
  const [rest, last] = [chain.slice(0, -1), chain.at(-1) ?? []];
  await followChain(node, rest, (trigger, responses) => print(lineOf(trigger, responses)));

  await node.stabilise(last);
  const before = node.store.info.sequence;
  for (const trigger of last) {
    const { responses, changes } = node.dryRun(trigger);
    print(`${lineOf(trigger, responses)} (dry run: ${changes.length} changes, none of them made)`);
  }
  const isUntouched = node.store.info.sequence === before;
  await followChain(node, chain, (trigger, responses) => print(lineOf(trigger, responses)));

  const faults = faultsIn(node.tables);
  for (const fault of faults) print(`WRONG: ${fault}`);
  await node.close();
  return isUntouched && faults.length === 0;
}

/** @param {Trigger} trigger @param {Response[]} responses */
function lineOf({ unit, agent, from, amount }, responses) {
  const request = `${unit.padEnd(8)}  ${from.padEnd(5)} sends ${String(amount).padStart(3)} to ${agent.padEnd(8)}`;
  const bounce = responses.find(({ bounced }) => bounced !== null)?.bounced;
  if (bounce) return `${request}  bounced: ${bounce}`;
  const [, ...paidAgents] = responses.map((response) => response.agent);
  const variables = responses.flatMap((response) => response.variables).length;
  const secondary = paidAgents.length > 0 ? `; triggers ${paidAgents.join(' and ')}` : '';
  return `${request}  ${variables} state variables${secondary}`;
}

/** @param {Findings} findings */
const figuresOf = ({ crashes, images, split, diverged, lost }) => [
  crashes,
  images,
  split,
  diverged,
  lost,
];

/** @param {string} name @param {(string | number)[]} cells */
function row(name, cells) {
  return name.padEnd(28) + cells.map((cell) => String(cell).padStart(10)).join('');
}
