// @ts-check
/**
 * What can be asked for on the command line.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { InputError } from '../input-error.mjs';

export const USAGE = `usage: npm start -- [options]

  --rounds N     how often the worker is killed: 40, with --blocks 20
  --seed S       any text: the same seed makes the same transitions and plans the same kills
  --dir DIR      keep the store in DIR, and go on with what it holds
  --blocks FILE  connect the blocks of a Bitcoin block file instead of answering triggers
  --strict       with --blocks: refuse a file that spends coins from outside itself
  --help         print this`;

const DEFAULT_ROUNDS = 40;
const DEFAULT_ROUNDS_WITH_BLOCKS = 20;

/**
 * @typedef {object} Arguments
 * @property {number} rounds
 * @property {string | undefined} seed
 * @property {string | undefined} dir
 * @property {string | undefined} blocks
 * @property {boolean} strict
 * @property {boolean} help
 */

const OPTIONS = /** @type {const} */ ({
  rounds: { type: 'string' },
  seed: { type: 'string' },
  dir: { type: 'string' },
  blocks: { type: 'string' },
  strict: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});

/** @param {string[]} words @returns {Arguments} @throws {InputError} with the usage */
export function parseArguments(words) {
  const { rounds, seed, dir, blocks, strict, help } = valuesOf(words);
  if (strict && blocks === undefined) throw usageError('--strict goes with --blocks');
  const defaultRounds = blocks === undefined ? DEFAULT_ROUNDS : DEFAULT_ROUNDS_WITH_BLOCKS;
  return { rounds: numberOf(rounds) ?? defaultRounds, seed, dir, blocks, strict, help };
}

export const newSeed = () => String(randomInt(1_000_000_000));

/** @param {string[]} words */
function valuesOf(words) {
  try {
    return parseArgs({ args: words, options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

/** @param {string | undefined} text */
function numberOf(text) {
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) throw usageError(`--rounds takes a number, not ${text}`);
  return Number(text);
}

/** @param {string} reason */
const usageError = (reason) => new InputError(`${reason}\n\n${USAGE}`);
