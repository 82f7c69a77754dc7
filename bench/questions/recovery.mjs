// @ts-check
import { cpSync, statSync } from 'node:fs';
import { readingOf } from '../harness/bare.mjs';
import { timed } from '../harness/clock.mjs';
import { discard, scratchDirectory } from '../harness/scratch.mjs';

/** @import { Store } from 'onewal' */
/** @import { Context, Figures, Question } from '../harness/types.ts' */

const MIB = 1 << 20;
const LENGTHS = [1, 4, 16, 64];
const KEY_COUNT = 5000; // written again and again, so that the WAL is long and the state small
const BATCH_COUNT = 100;
const WAL_BYTES_PER_ENTRY = 128;

/** @type {Question} */
export const recovery = {
  name: 'recovery',
  asks: 'How long does an open take when the writer was killed with so much in the WAL?',
  directory: 'empty',
  engines: 'onewal',
  rows: LENGTHS.map((length) => ({
    name: `${length} MiB`,
    unit: 'ms',
    bare: 'reading the file',
  })),
  async measure(context) {
    const { Store } = await import('onewal');
    const store = await Store.open(context.directory, { checkpointBytes: 1 << 30 });
    /** @type {Figures} */
    const figures = {};
    for (const length of lengthsFor(context)) {
      await growWal(store, context, length * MIB);
      figures[`${length} MiB`] = await opened(context.directory);
    }
    await store.close();
    return figures;
  },
  async bare(context) {
    return Object.fromEntries(
      lengthsFor(context).map((length) => [
        `${length} MiB`,
        readingOf(context.directory, length * MIB),
      ]),
    );
  },
};

/** A small run does not write long WALs. @param {Context} context */
function lengthsFor({ scale }) {
  const max = (scale.entries * WAL_BYTES_PER_ENTRY) / MIB;
  return LENGTHS.filter((length) => length <= Math.max(1, max));
}

/** @param {Store} store @param {Context} context @param {number} size */
async function growWal(store, { entries }, size) {
  const map = store.map('entries', { key: 'binary', value: 'binary' });
  for (let n = 0; store.stats().walBytes < size; ) {
    const writes = Array.from({ length: BATCH_COUNT }, () => {
      const i = n++ % KEY_COUNT;
      return /** @type {const} */ ({
        type: 'put',
        map,
        key: entries.key(i),
        value: entries.value(i),
      });
    });
    await store.batch(writes, { durability: 'buffered' });
  }
  await store.flush();
}

/** Of a copy, as a kill would leave it. @param {string} directory */
async function opened(directory) {
  const { Store } = await import('onewal');
  const copy = scratchDirectory();
  const isFile = (/** @type {string} */ path) => !statSync(path).isSocket();
  cpSync(directory, copy, {
    recursive: true,
    filter: (path) => !path.endsWith('lock') && isFile(path),
  });
  let store = /** @type {Store | undefined} */ (undefined);
  const milliseconds = await timed(async () => {
    store = await Store.open(copy);
  });
  await store?.close();
  discard(copy);
  return milliseconds;
}
