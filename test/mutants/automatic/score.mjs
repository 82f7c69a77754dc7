// @ts-check
/** How many mutants of each file were killed, and what is known about those that live. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @import { Verdict } from './judge.mjs' */
/** @import { AutomaticMutant } from './mutants.mjs' */
/** @typedef {Readonly<Record<string, string>>} Judged Why the mutant of this name may live. */

const JUDGED = fileURLToPath(new URL('judged.json', import.meta.url));

/** @returns {Judged} */
export function readJudged() {
  if (!existsSync(JUDGED)) return {};
  /** @type {Record<string, string[]>} The mutants of each reason. */
  const reasons = JSON.parse(readFileSync(JUDGED, 'utf8'));
  return Object.fromEntries(
    Object.entries(reasons).flatMap(([reason, names]) => names.map((name) => [name, reason])),
  );
}

/** @param {Map<AutomaticMutant, Verdict>} verdicts @param {Judged} judged */
export function scoreRows(verdicts, judged) {
  /** @type {Map<string, { all: number, killed: number, bound: number, judged: number, open: number }>} */
  const scores = new Map();
  for (const [{ file, name }, { verdict, bound }] of verdicts) {
    for (const key of [file, 'all']) {
      const score = scores.get(key) ?? { all: 0, killed: 0, bound: 0, judged: 0, open: 0 };
      scores.set(key, score);
      score.all++;
      if (verdict === 'killed') score.killed++;
      else if (judged[name] !== undefined) score.judged++;
      else score.open++;
      if (bound !== undefined) score.bound++;
    }
  }
  const all = scores.get('all');
  scores.delete('all');
  if (all !== undefined) scores.set('all', all);
  const rows = [...scores].map(
    ([key, { all, killed, bound, judged, open }]) =>
      `| ${key} | ${all} | ${killed} | ${bound} | ${judged} | ${open} |`,
  );
  return [
    '| file | mutants | killed | of these, by a bound | judged | open |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
