// @ts-check
import { aligned, figure, times } from './table.mjs';

/** @import { Comparison } from './comparison.mjs' */

/** @param {readonly Comparison[]} comparisons @param {readonly string[]} engines */
export function peersTable(comparisons, engines) {
  const head = ['', ...engines, 'bare', 'ours to the best peer', ''];
  return aligned([head, ...rowsOf(comparisons, engines)]);
}

/** @param {readonly Comparison[]} comparisons @param {readonly string[]} engines */
export function peersMarkdown(comparisons, engines) {
  const head = ['', ...engines, 'bare', 'ours to the best peer', 'which'];
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rowsOf(comparisons, engines)]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** @param {readonly Comparison[]} comparisons @param {readonly string[]} names */
function rowsOf(comparisons, names) {
  return comparisons.map(({ question, row, unit, engines, bare, best, ratio }) => [
    `${question}: ${row}, ${unit}`,
    ...names.map((name) => cell(engines[name])),
    figure(bare),
    times(ratio),
    best ?? '',
  ]);
}

/** @param {{ value: number, spread: number } | undefined} answer */
function cell(answer) {
  if (answer === undefined) return '-';
  const around = answer.spread === 0 ? '' : ` ±${Math.round(answer.spread * 50)}%`;
  return figure(answer.value) + around;
}
