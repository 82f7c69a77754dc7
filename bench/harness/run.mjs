// @ts-check
/**
 * Asks questions of engines: several rounds, the engines taking turns, each question in a process of
 * its own.
 */
import { askInProcess } from './ask.mjs';
import { discard, scratchDirectory } from './scratch.mjs';

/** @import { EngineKind, Figures, Question, Scale } from './types.ts' */

/** Values of all rounds, by engine, question and row. @typedef {Record<string, Record<string, Record<string, number[]>>>} Results */

/**
 * @typedef {object} Plan
 * @property {readonly Question[]} questions
 * @property {readonly EngineKind[]} engines
 * @property {number} rounds
 * @property {Scale} scale
 * @property {boolean} [withBare] ask also what the machine itself can do
 * @property {(request: import('./ask.mjs').Request) => Figures | Promise<Figures>} [ask]
 * @property {(line: string) => void} [onProgress]
 */

/** The name under which the bare limits are in the results. */
export const BARE = 'bare';

/** @param {Plan} plan @returns {Promise<Results>} */
export async function run(plan) {
  /** @type {Results} */
  const results = {};
  for (let round = 1; round <= plan.rounds; round++) {
    plan.onProgress?.(`round ${round} of ${plan.rounds}`);
    await runRound(plan, results);
  }
  return results;
}

/** @param {Plan} plan @param {Results} results */
async function runRound(plan, results) {
  const { questions, engines } = plan;
  const loaded = new Map(engines.map(({ name }) => [name, scratchDirectory()]));
  for (const question of questions) {
    for (const engine of engines.filter((kind) => canBeAsked(question, kind))) {
      const directory =
        question.directory === 'loaded' || question.name === 'load'
          ? (loaded.get(engine.name) ?? '')
          : scratchDirectory();
      await askOne(plan, results, { question, engine: engine.name, directory });
      if (directory !== loaded.get(engine.name)) discard(directory);
    }
    if (plan.withBare && question.bare !== undefined) {
      const directory = scratchDirectory();
      await askOne(plan, results, { question, engine: BARE, directory });
      discard(directory);
    }
  }
  for (const directory of loaded.values()) discard(directory);
}

/** @param {Plan} plan @param {Results} results @param {{ question: Question, engine: string, directory: string }} turn */
async function askOne({ scale, ask = askInProcess, onProgress }, results, turn) {
  const { question, engine, directory } = turn;
  onProgress?.(`  ${question.name}: ${engine}`);
  const isBare = engine === BARE;
  const asked = isBare ? 'onewal' : engine;
  const figures = await ask({ question: question.name, engine: asked, directory, scale, isBare });
  for (const [row, value] of Object.entries(figures)) {
    results[engine] ??= {};
    results[engine][question.name] ??= {};
    const rows = results[engine][question.name] ?? {};
    rows[row] = [...(rows[row] ?? []), value];
  }
}

/** @param {Question} question @param {EngineKind} kind */
function canBeAsked({ engines }, kind) {
  if (engines === 'onewal') return kind.name === 'onewal';
  return engines === 'any' || kind.isPersistent;
}
