// @ts-check
/**
 * Every question, in the order in which they are asked: those that only read come before those that
 * change what was loaded, and what an entry takes on the disk before entries are added.
 */
import { agents } from './agents.mjs';
import { amplification } from './amplification.mjs';
import { blocks } from './blocks.mjs';
import { buffered, commits } from './commits.mjs';
import { disk } from './disk.mjs';
import { larger } from './larger-than-memory.mjs';
import { load, sortedLoad } from './load.mjs';
import { memory } from './memory.mjs';
import { mixed } from './mixed.mjs';
import { opening } from './opening.mjs';
import { reads } from './reads.mjs';
import { recovery } from './recovery.mjs';
import { scans } from './scans.mjs';
import { size } from './size.mjs';
import { stalls } from './stalls.mjs';
import { valueSizes } from './value-sizes.mjs';

/** @import { Question } from '../harness/types.ts' */

/** @type {readonly Question[]} */
export const QUESTIONS = [
  load,
  opening,
  reads,
  scans,
  memory,
  disk,
  commits,
  buffered,
  mixed,
  stalls,
  sortedLoad,
  valueSizes,
  recovery,
  amplification,
  blocks,
  agents,
  size,
];

/** @param {string} name */
export function questionNamed(name) {
  const found = [...QUESTIONS, larger].find((question) => question.name === name);
  if (found !== undefined) return found;
  const names = QUESTIONS.map((question) => question.name);
  throw new RangeError(`there is no question ${name}: ${names.join(', ')}`);
}
