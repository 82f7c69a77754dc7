// @ts-check
/**
 * WALs as they are shown: the newest first, and beside each value that is put the one it replaces.
 * A WAL has only the new ones: the old ones are what the puts before have written, or what the
 * events of the commits have told.
 */

/** @import { CommitEvent } from 'onewal' */
/** @import { LoggedFrame, LoggedOperation, WalContent } from 'onewal/inspect' */

/** @typedef {LoggedOperation & { readonly before?: unknown }} OperationRow */
/**
 * @typedef {Omit<LoggedFrame, 'operations'> & {
 *   readonly operations: readonly OperationRow[],
 *   readonly isAgain: boolean,
 * }} FrameRow
 */
/** @typedef {Omit<WalContent, 'frames'> & { readonly frames: readonly FrameRow[] }} WalRows */
/** @typedef {ReadonlyMap<number, CommitEvent['changes']>} Heard by sequence id */

/**
 * By `before`, what stood there when the commit came: undefined where nobody knows, null for nothing.
 * `isAgain`: an open has logged the commit again, since nobody knew whether it was on the medium.
 *
 * @param {readonly WalContent[]} wals oldest first
 * @param {Heard} heard
 * @returns {WalRows[]}
 */
export function walRows(wals, heard) {
  const past = { seen: new Map(), last: new Map(), heard };
  const rows = wals.map(({ frames, ...wal }) => {
    return { ...wal, frames: frames.map((frame) => frameRow(frame, past)).reverse() };
  });
  return rows.reverse();
}

/**
 * @param {LoggedFrame} frame
 * @param {{
 *   seen: Map<number, readonly OperationRow[]>,
 *   last: Map<string, unknown>,
 *   heard: Heard,
 * }} past by sequence id the rows of each commit, by map and key what was put last
 * @returns {FrameRow}
 */
function frameRow(frame, { seen, last, heard }) {
  const { type, sequence } = frame;
  const known = type === 'commit' ? seen.get(sequence) : undefined;
  if (known !== undefined) return { ...frame, operations: known, isAgain: true };
  const changes = heard.get(sequence);
  const operations = frame.operations.map((operation) => operationRow(operation, last, changes));
  if (type === 'commit') seen.set(sequence, operations);
  return { ...frame, operations, isAgain: false };
}

/**
 * @param {LoggedOperation} operation
 * @param {Map<string, unknown>} last what was put last, by map and key
 * @param {CommitEvent['changes'] | undefined} changes
 * @returns {OperationRow}
 */
function operationRow(operation, last, changes) {
  if (operation.type === 'clear' || operation.type === 'empty') last.clear();
  if (operation.type !== 'put' && operation.type !== 'remove') return operation;
  const { map, key } = operation;
  const place = `${map} ${typeof key} ${String(key)}`;
  const change = changes?.find((candidate) => candidate.map === map && candidate.key === key);
  const before = change === undefined ? last.get(place) : (change.before ?? null);
  last.set(place, operation.type === 'put' ? operation.value : null);
  return { ...operation, before };
}
