// @ts-check
/**
 * Does a store survive? A worker commits and is killed at random moments; whatever it was told is
 * stored must then be there, and whole. README.md says how to read the output.
 *
 * Exit codes: 0 all is well, 1 the store is at fault, 2 the command line or a file is.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptionError, OnewalError } from 'onewal';
import { InputError } from '../input-error.mjs';
import { parseArguments, USAGE } from './arguments.mjs';
import { BlockScenario } from './blocks/scenario.mjs';
import { Rounds } from './rounds.mjs';
import { Tally } from './tally.mjs';
import { TriggerScenario } from './triggers/scenario.mjs';

/** @import { Arguments } from './arguments.mjs' */

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} words */
async function main(words) {
  try {
    const options = parseArguments(words);
    if (!options.help) return await surviveIn(options);
    console.log(USAGE);
    return 0;
  } catch (error) {
    const isKnown = error instanceof InputError || error instanceof OnewalError;
    if (!isKnown) throw error;
    console.error(error.message);
    return error instanceof CorruptionError ? 1 : 2;
  }
}

/** A directory of our own making goes, unless it is evidence. @param {Arguments} options */
async function surviveIn(options) {
  const directory = options.dir ?? join(tmpdir(), `onewal-survive-${randomUUID()}`);
  const isClean = await survive(directory, options);
  if (!isClean) console.log(`SOMETHING IS WRONG. The store as it is: ${directory}`);
  else if (options.dir === undefined) rmSync(directory, { recursive: true });
  return isClean ? 0 : 1;
}

/** @param {string} directory @param {Arguments} options */
async function survive(directory, { blocks, rounds, seed, strict }) {
  const isNew = !existsSync(directory) || readdirSync(directory).length === 0;
  const scenario =
    blocks === undefined
      ? await TriggerScenario.create({ directory, isNew, seed })
      : await BlockScenario.create({ directory, isNew, seed, file: blocks, isStrict: strict });
  console.log(`${scenario.title}, ${rounds} kills, seed ${scenario.seed}\n`);
  const tally = new Tally();
  await new Rounds(scenario, rounds, tally).run(isNew);
  console.log(`\n${tally}\n`);
  if (tally.isClean) console.log(await scenario.result());
  return tally.isClean;
}
