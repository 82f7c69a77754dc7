// @ts-check
/** Bars, one for each engine, in a group for each row; every group has its own scale. */
import { bar, svg, text } from './svg.mjs';
import { figure, times } from './table.mjs';

/** @import { Comparison } from './comparison.mjs' */

const WIDTH = 760;
const LABEL_WIDTH = 130;
const VALUE_WIDTH = 120;
const BAR_HEIGHT = 14;
const LINE_HEIGHT = 18;
const GROUP_GAP = 14;

/** @param {string} title @param {readonly Comparison[]} comparisons @param {string} ours */
export function barChart(title, comparisons, ours) {
  const shapes = [];
  let y = 18;
  for (const comparison of comparisons) {
    shapes.push(...groupTitle(comparison, y));
    for (const [name, { value }] of Object.entries(comparison.engines)) {
      y += LINE_HEIGHT;
      shapes.push(...barOf(comparison, { name, value, y, series: name === ours ? 0 : 5 }));
    }
    y += LINE_HEIGHT + GROUP_GAP;
  }
  return svg({ title, width: WIDTH, height: y - GROUP_GAP }, shapes);
}

/** @param {Comparison} comparison @param {number} y */
function groupTitle({ row, unit, ratio }, y) {
  const beside = ratio === undefined ? '' : `ours ${times(ratio)} the best peer`;
  return [
    text(`${row}, ${unit}`, { x: 0, y, kind: 'title' }),
    text(beside, { x: WIDTH, y, kind: 'faint', anchor: 'end' }),
  ];
}

/** @param {Comparison} comparison @param {{ name: string, value: number, y: number, series: number }} one */
function barOf({ engines }, { name, value, y, series }) {
  const most = Math.max(...Object.values(engines).map((answer) => answer.value));
  const width = (value / most) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH);
  return [
    text(name, { x: LABEL_WIDTH - 8, y, anchor: 'end' }),
    bar({ x: LABEL_WIDTH, y: y - BAR_HEIGHT + 3, width, height: BAR_HEIGHT }, series),
    text(figure(value), { x: LABEL_WIDTH + width + 6, y, kind: 'faint' }),
  ];
}
