// @ts-check
/** Puts every change into the text at once, each behind a switch: one build serves all mutants. */

/** @import { Change } from './operators.mjs' */
/** @typedef {Change & { readonly id: number }} Switched */

/**
 * The text in which `isOn(id)` decides whether the change with this number is there.
 *
 * @param {string} text
 * @param {readonly Switched[]} changes
 * @param {(id: number) => string} isOn
 */
export function instrument(text, changes, isOn) {
  const places = groupByPlace(changes);
  // The outer first: whoever holds others is written around them.
  const line = [...places.values()].sort(([a], [b]) => orderOf(a, b));
  return write({ text, start: 0, end: text.length }, line, isOn);
}

/** @param {readonly Switched[]} changes */
function groupByPlace(changes) {
  /** @type {Map<string, Switched[]>} */
  const places = new Map();
  for (const change of changes) {
    const key = `${change.start} ${change.end} ${change.kind}`;
    places.set(key, [...(places.get(key) ?? []), change]);
  }
  return places;
}

/** @param {Switched | undefined} a @param {Switched | undefined} b */
function orderOf(a, b) {
  if (a === undefined || b === undefined) return 0;
  if (a.start !== b.start) return a.start - b.start;
  if (a.end !== b.end) return b.end - a.end;
  return a.kind === 'statement' ? -1 : 1;
}

/**
 * @param {{ text: string, start: number, end: number }} range
 * @param {Switched[][]} line What lies in the range is taken from its front.
 * @param {(id: number) => string} isOn
 * @returns {string}
 */
function write({ text, start, end }, line, isOn) {
  let written = '';
  let at = start;
  for (;;) {
    const first = line[0]?.[0];
    if (first === undefined || first.start >= end) break;
    const group = /** @type {Switched[]} */ (line.shift());
    written += text.slice(at, first.start);
    const sound = write({ text, start: first.start, end: first.end }, line, isOn);
    written += switched(group, sound, isOn);
    at = first.end;
  }
  return written + text.slice(at, end);
}

/** @param {readonly Switched[]} group @param {string} sound @param {(id: number) => string} isOn */
function switched(group, sound, isOn) {
  if (group[0]?.kind === 'statement') return `{ if (!${isOn(group[0].id)}) { ${sound} } }`;
  const choices = group.map(({ id, replace }) => `${isOn(id)} ? (${replace}) : `);
  return `(${choices.join('')}(${sound}))`;
}
