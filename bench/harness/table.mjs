// @ts-check
/** Figures, rounded to what they can mean, in columns. */

/** @import { Unit } from './types.ts' */

/** @param {number | undefined} value @param {Unit} [unit] */
export function figure(value, unit) {
  if (value === undefined) return '-';
  const shown = value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
  return unit === undefined ? shown : `${shown} ${unit}`;
}

/** @param {number | undefined} value */
export const times = (value) => (value === undefined ? '-' : `${value.toFixed(2)} ×`);

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

/** From the least to the most, as a share of the median. @param {readonly number[]} values */
export function spread(values) {
  const middle = median(values);
  return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / middle;
}

/** The first column to the left, the others to the right. @param {readonly (readonly string[])[]} rows */
export function aligned(rows) {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
