// @ts-check
/** What every engine answered to one row of a question, and how ours stands to the best of the others. */
import { engineNamed } from '../engines/all.mjs';
import { BARE } from './run.mjs';
import { median, spread } from './table.mjs';

/** @import { Question, Row, Unit } from './types.ts' */
/** @import { Results } from './run.mjs' */

export const OURS = 'onewal';
const MORE_IS_BETTER = new Set(['per second', 'MB/s']);

/**
 * @typedef {object} Comparison
 * @property {string} question
 * @property {string} row
 * @property {Unit} unit
 * @property {Record<string, { value: number, spread: number }>} engines those that answered
 * @property {number | undefined} bare what the machine itself does, where that is a limit
 * @property {string | undefined} best of the peers that a commit can make wait for the medium
 * @property {number | undefined} ratio above 1 where ours is better than the best
 */

/** @typedef {{ ours: string, isPeer: (name: string) => boolean }} Sides who is compared with whom */

/** @param {readonly Pick<Question, 'name' | 'rows'>[]} questions @param {Results} results @param {Sides} [sides] @returns {Comparison[]} */
export function compared(questions, results, sides = { ours: OURS, isPeer }) {
  return questions.flatMap((question) =>
    question.rows
      .map((row) => comparisonOf({ question: question.name, row, sides }, results))
      .filter(({ engines }) => Object.keys(engines).length > 0),
  );
}

/** @param {{ question: string, row: Row, sides: Sides }} asked @param {Results} results @returns {Comparison} */
function comparisonOf({ question, row: { name: row, unit }, sides }, results) {
  /** @type {Comparison['engines']} */
  const engines = {};
  for (const [engine, answers] of Object.entries(results)) {
    if (engine === BARE) continue;
    const values = answers[question]?.[row];
    if (values !== undefined) engines[engine] = { value: median(values), spread: spread(values) };
  }
  const isMoreBetter = MORE_IS_BETTER.has(unit);
  const peers = Object.keys(engines).filter((name) => name !== sides.ours && sides.isPeer(name));
  const value = (/** @type {string} */ name) => engines[name]?.value ?? Number.NaN;
  const [best] = peers.sort((a, b) => (isMoreBetter ? value(b) - value(a) : value(a) - value(b)));
  const ours = engines[sides.ours]?.value;
  const ratio =
    best === undefined || ours === undefined
      ? undefined
      : isMoreBetter
        ? ours / value(best)
        : value(best) / ours;
  const limits = results[BARE]?.[question]?.[row];
  const bare = limits && median(limits);
  return { question, row, unit, engines, bare, best, ratio };
}

/** @param {string} name */
const isPeer = (name) => engineNamed(name).durability === 'synced';
