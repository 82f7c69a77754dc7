// @ts-check
/** The WALs, frame by frame, the newest first. */
import { byId, element } from '../element.mjs';
import { amountText } from '../money/amount.mjs';

/** @import { FrameRow, OperationRow, WalRows } from '../wal-rows.mjs' */

const FRAMES_SHOWN_MAX = 24;
const AMOUNT_FIELDS = new Set(['amount']);
const MEANINGS = /** @type {Readonly<Record<string, string>>} */ ({
  switch: 'goes on in another file',
  end: 'closed',
});

/** @param {readonly WalRows[]} wals */
export function showWals(wals) {
  const list = byId('wals', HTMLElement);
  // Those that somebody has opened; the newest opens by itself, and only as long as it is.
  const chosen = list.querySelectorAll('details[open]:not(.newest)');
  const opened = new Set(Array.from(chosen, ({ id }) => id));
  const newest = wals.flatMap(({ frames }) => frames).find(isCommit);
  let room = FRAMES_SHOWN_MAX;
  const sections = wals.map((wal, index) => {
    const shown = wal.frames.slice(0, room);
    room -= shown.length;
    return section(wal, { shown, isNewest: index === 0, newest, opened });
  });
  list.replaceChildren(...sections);
}

/** @param {FrameRow} frame */
const isCommit = ({ type }) => type === 'commit' || type === 'part';

/**
 * @param {WalRows} wal
 * @param {{
 *   shown: readonly FrameRow[],
 *   isNewest: boolean,
 *   newest: FrameRow | undefined,
 *   opened: ReadonlySet<string>,
 * }} view `newest`: of all commits; `opened`: ids of frames
 */
function section({ file, size, frames, break: found }, { shown, isNewest, newest, opened }) {
  const notes = [bytesText(size), framesText(frames.length)];
  if (isNewest) notes.push('written now');
  const head = element('h3', element('code', file), ` ${notes.join(' · ')}`);
  const torn = found === undefined ? [] : [element('p.hint', `breaks off: ${found.reason}`)];
  const rows = shown.map((frame) => {
    if (!isCommit(frame)) return plainRow(frame);
    const row = commitRow(frame);
    row.id = `frame-${file}-${frame.offset}`;
    row.classList.toggle('newest', frame === newest);
    row.open = frame === newest || opened.has(row.id);
    return row;
  });
  const left = frames.length - shown.length;
  const rest = left > 0 ? [element('p.hint', `and ${framesText(left)} before`)] : [];
  return element('section.wal', head, ...torn, ...rows, ...rest);
}

/** @param {FrameRow} frame */
function commitRow(frame) {
  const made = /** @type {HTMLDetailsElement} */ (element('details.frame.commit'));
  const maps = new Set(
    frame.operations.flatMap((row) => ('map' in row && row.map ? [row.map] : [])),
  );
  made.append(
    element(
      'summary',
      ...headCells(frame),
      element('span.maps', frame.isAgain ? 'logged again' : [...maps].join(', ')),
    ),
    element('div.operations', ...frame.operations.map(operationRow)),
  );
  return made;
}

/** @param {FrameRow} frame */
function plainRow(frame) {
  return element(
    `p.frame.${frame.type === 'sync' ? 'sync' : 'other'}`,
    ...headCells(frame),
    element('span.maps', meaningOf(frame)),
  );
}

/** @param {FrameRow} frame */
function meaningOf({ type, durable }) {
  return type === 'sync' ? `all is safe up to #${durable}` : (MEANINGS[type] ?? '');
}

/** @param {FrameRow} frame */
function headCells({ sequence, type, size }) {
  return [
    element('span.id', `#${sequence}`),
    element('span.type', type),
    element('span.size', `${size} B`),
  ];
}

/** @param {OperationRow} operation */
function operationRow(operation) {
  const row = element('p.operation', element('span.verb', operation.type));
  if ('map' in operation && operation.map !== undefined)
    row.append(element('span.map', operation.map));
  if ('key' in operation) row.append(element('span.key', keyText(operation.key)));
  if (operation.type === 'put') row.append(changeOf(operation));
  if (operation.type === 'token') {
    row.append(element('span.key', new TextDecoder().decode(operation.token)));
  }
  return row;
}

/** @param {OperationRow & { readonly type: 'put' }} operation */
function changeOf({ map, key, before, value }) {
  const isAmount = map === 'balances' || (map === 'totals' && key === 'money');
  const text = (/** @type {unknown} */ part) => valueText(part, isAmount);
  const old = before === undefined || before === null ? [] : [element('del', text(before)), ' → '];
  return element('span.change', ...old, element('ins', text(value)));
}

/** @param {unknown} value @param {boolean} isAmount @returns {string} */
function valueText(value, isAmount) {
  if (typeof value === 'bigint') return isAmount ? amountText(value) : String(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .filter(([name]) => name !== 'at')
    .map(([name, part]) => `${name} ${valueText(part, AMOUNT_FIELDS.has(name))}`)
    .join(', ');
}

/** @param {unknown} key */
const keyText = (key) => (typeof key === 'string' ? `“${key}”` : String(key));

/** @param {number} count */
const framesText = (count) => (count === 1 ? '1 frame' : `${count} frames`);

/** @param {number} size */
function bytesText(size) {
  return size < 10_000 ? `${size.toLocaleString('en')} B` : `${Math.round(size / 1024)} KiB`;
}
