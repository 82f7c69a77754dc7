// @ts-check
/**
 * A node follows the chain on a simulated machine, in two sessions, and crashes before every call to
 * its disks. Of whatever is then on them it is asked: does it hold together, is anything lost that
 * was acknowledged, and does the node, once it goes on, end where all others do?
 */
import { SimulatedDisk } from 'onewal/testing';
import { crashEverywhere } from '../simulated/crash-everywhere.mjs';
import { followChain } from './follow-chain.mjs';
import { faultsIn } from './invariants.mjs';
import { keyOf } from './ledger.mjs';

/** @import { FileSystem } from 'onewal' */
/** @import { Trigger } from './chain.mjs' */
/** @import { Node } from './follow-chain.mjs' */
/** @import { Tables } from './ledger.mjs' */

/** @typedef {{ diskCount: number, open(disks: readonly FileSystem[]): Promise<Node> }} NodeKind */

/**
 * @typedef {object} Findings
 * @property {number} crashes
 * @property {number} images what these crashes may have left
 * @property {number} split images in which something must not be
 * @property {number} diverged images with which the node ends in another state than the others
 * @property {number} lost images in which an acknowledged response is not there
 * @property {{ call: number, faults: string[] } | undefined} firstSplit
 */

const POWER_CUTS = 6; // images of each

/** @param {NodeKind} kind @param {Trigger[][]} chain @returns {Promise<Findings>} */
export async function rehearse(kind, chain) {
  const expected = await stateOfOthers(kind, chain);
  /** @type {Omit<Findings, 'crashes' | 'images'>} */
  const found = { split: 0, diverged: 0, lost: 0, firstSplit: undefined };
  /** @type {import('../simulated/crash-everywhere.mjs').CrashPlan<Trigger>} */
  const plan = {
    diskCount: kind.diskCount,
    powerCutCount: POWER_CUTS,
    run: (disks, acknowledge) => live(kind, { disks, chain, onAnswer: acknowledge }),
    check: async ({ disks, call, acknowledged }) => {
      const node = await kind.open(disks);
      const faults = faultsIn(node.tables);
      if (faults.length > 0) {
        found.split += 1;
        found.firstSplit ??= { call, faults };
      }
      if (acknowledged.some((trigger) => isPending(node, trigger))) found.lost += 1;
      await followChain(node, chain);
      if (contentOf(node.tables) !== expected) found.diverged += 1;
      await node.close();
    },
  };
  return { ...(await crashEverywhere(plan)), ...found };
}

/** @param {NodeKind} kind @param {{ disks: FileSystem[], chain: Trigger[][], onAnswer: (trigger: Trigger) => void }} life */
async function live(kind, { disks, chain, onAnswer }) {
  const half = chain.length >> 1;
  for (const part of [chain.slice(0, half), chain.slice(half)]) {
    const node = await kind.open(disks);
    await followChain(node, part, onAnswer);
    await node.close();
  }
}

/** @param {NodeKind} kind @param {Trigger[][]} chain */
async function stateOfOthers(kind, chain) {
  const node = await kind.open(Array.from({ length: kind.diskCount }, () => new SimulatedDisk()));
  await followChain(node, chain);
  return contentOf(node.tables);
}

/** @param {Node} node @param {Trigger} trigger */
const isPending = ({ tables }, trigger) => tables.triggers.has(keyOf(trigger));

/** Everything that is stored, as text. @param {Tables} tables */
export function contentOf(tables) {
  const entries = Object.entries(tables).map(([name, table]) => [name, [...table.getRange()]]);
  return JSON.stringify(entries, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}
