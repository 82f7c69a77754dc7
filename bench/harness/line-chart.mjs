// @ts-check
/** Curves over the number of entries, both axes logarithmic. */
import { curve, rule, svg, text } from './svg.mjs';
import { figure } from './table.mjs';

/** @typedef {{ name: string, points: readonly { entries: number, value: number }[] }} Series */

const SIZE = { width: 560, height: 300 };
const FRAME = { left: 70, right: 120, top: 30, bottom: 30 };

/** @param {string} title @param {readonly Series[]} series */
export function lineChart(title, series) {
  const points = series.flatMap((one) => one.points);
  const x = axis(
    points.map(({ entries }) => entries),
    [FRAME.left, SIZE.width - FRAME.right],
  );
  const y = axis(
    points.map(({ value }) => value),
    [SIZE.height - FRAME.bottom, FRAME.top],
  );
  const right = SIZE.width - FRAME.right;
  const shapes = [text(title, { x: 0, y: 16, kind: 'title' })];
  for (const power of y.powers) {
    shapes.push(rule({ x: FRAME.left, y: y.at(power) }, { x: right, y: y.at(power) }));
    shapes.push(
      text(figure(power), { x: FRAME.left - 8, y: y.at(power) + 4, kind: 'faint', anchor: 'end' }),
    );
  }
  for (const power of x.powers) {
    const place = {
      x: x.at(power),
      y: SIZE.height - 10,
      kind: 'faint',
      anchor: /** @type {const} */ ('middle'),
    };
    shapes.push(text(power.toLocaleString('en'), place));
  }
  for (const [i, { name, points: own }] of series.entries()) {
    const last = own.at(-1);
    shapes.push(
      curve(
        own.map(({ entries, value }) => ({ x: x.at(entries), y: y.at(value) })),
        i % 6,
      ),
    );
    if (last !== undefined)
      shapes.push(text(name, { x: x.at(last.entries) + 8, y: y.at(last.value) + 4 }));
  }
  return svg({ title, ...SIZE }, shapes);
}

/** From the power of ten below to that above. @param {readonly number[]} values @param {readonly [number, number]} range */
function axis(values, [start, end]) {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    powers: Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)),
    at: (/** @type {number} */ value) =>
      start + ((Math.log10(value) - first) / (last - first)) * (end - start),
  };
}
