// @ts-check
/**
 * What the reader sees: numbers, and one table at the end.
 */

/** @param {number | bigint} value */
export const number = (value) => value.toLocaleString('en');

/** @param {number | undefined} ms */
export const milliseconds = (ms) => (ms === undefined ? '-' : `${ms.toFixed(1)} ms`);

/** @param {readonly number[]} values */
export function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** @param {readonly number[]} values */
export function maximum(values) {
  return values.length === 0 ? undefined : Math.max(...values);
}

/**
 * Two lines: the names of the columns, and beneath each, to the right, its value.
 *
 * @param {Readonly<Record<string, string>>} columns
 */
export function table(columns) {
  const names = Object.keys(columns);
  const width = (/** @type {string} */ name) => Math.max(name.length, (columns[name] ?? '').length);
  const head = names.map((name) => name.padStart(width(name)));
  const row = names.map((name) => (columns[name] ?? '').padStart(width(name)));
  return `${head.join('  ')}\n${row.join('  ')}`;
}
