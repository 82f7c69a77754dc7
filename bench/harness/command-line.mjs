// @ts-check
/** The options that all benchmarks understand. */
import { parseArgs } from 'node:util';

/** @import { Question, Scale } from './types.ts' */

const DEFAULT_SEED = 1;
const MILLISECONDS_DEFAULT = 2000;
/** More than a million entries take, so that each engine can have all of them in memory. */
const CACHE_MIB_DEFAULT = 256;
const MIB = 1 << 20;

/**
 * @typedef {object} CommandLine
 * @property {Scale} scale
 * @property {number} rounds
 * @property {string[]} only names, none for all
 * @property {string[] | undefined} engines
 * @property {string | undefined} json where the figures are kept
 */

/** Ends the process with a usage if the arguments are none. @param {string} script @param {{ entries: number, rounds: number, milliseconds?: number }} defaults @returns {CommandLine} */
export function commandLine(script, defaults) {
  try {
    const { values } = parseArgs({
      options: {
        entries: { type: 'string', default: String(defaults.entries) },
        rounds: { type: 'string', default: String(defaults.rounds) },
        milliseconds: {
          type: 'string',
          default: String(defaults.milliseconds ?? MILLISECONDS_DEFAULT),
        },
        seed: { type: 'string', default: String(DEFAULT_SEED) },
        cache: { type: 'string', default: String(CACHE_MIB_DEFAULT) },
        only: { type: 'string', multiple: true, default: [] },
        engines: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return {
      scale: {
        entries: whole('entries', values.entries),
        milliseconds: whole('milliseconds', values.milliseconds),
        seed: whole('seed', values.seed),
        cacheBytes: whole('cache', values.cache) * MIB,
      },
      rounds: whole('rounds', values.rounds),
      only: values.only.flatMap((names) => names.split(',')),
      engines: values.engines?.split(','),
      json: values.json,
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(
      `usage: npm run ${script} -- [--entries N] [--rounds N] [--milliseconds N] [--seed N] [--cache MIB] ` +
        '[--only QUESTION,...] [--engines ENGINE,...] [--json FILE]',
    );
    process.exit(2);
  }
}

/** @param {string} name @param {string} text */
function whole(name, text) {
  const value = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} takes a whole number from 1 on`);
}

/** With what has to be asked before. @param {readonly Question[]} questions @param {readonly string[]} only */
export function chosenQuestions(questions, only) {
  if (only.length === 0) return questions;
  const chosen = questions.filter(({ name }) => only.includes(name));
  const needsLoad = chosen.some(({ directory }) => directory === 'loaded');
  return questions.filter((one) => chosen.includes(one) || (needsLoad && one.name === 'load'));
}
