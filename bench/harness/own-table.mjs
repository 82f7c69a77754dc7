// @ts-check
import { BARE } from './run.mjs';
import { aligned, figure, median, spread, times } from './table.mjs';

/** @import { Question, Row } from './types.ts' */
/** @import { Results } from './run.mjs' */

/** Our figures, each with its bare limit where it has one. @param {readonly Question[]} questions @param {Results} results */
export function ownTable(questions, results) {
  return questions
    .map((question) => {
      const rows = question.rows.map((row) => cells(question, row, results));
      return `${question.asks}\n\n${aligned(rows)}\n`;
    })
    .join('\n');
}

/** @param {Question} question @param {Row} row @param {Results} results */
function cells(question, { name, unit, bare }, results) {
  const values = results.onewal?.[question.name]?.[name];
  const limits = results[BARE]?.[question.name]?.[name];
  const value = values && median(values);
  const limit = limits && median(limits);
  const isKnown = value !== undefined && limit !== undefined;
  return [
    `  ${name}`,
    figure(value, unit),
    values && values.length > 1 ? `± ${Math.round(spread(values) * 50)} %` : '',
    isKnown ? `${times(value / limit)} of ${figure(limit)},` : '',
    isKnown ? (bare ?? '') : '',
  ];
}
