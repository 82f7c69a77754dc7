// @ts-check
/**
 * The process that is killed. It goes on after the newest block in the store, and reports each block
 * before its commit and again when the commit is acknowledged.
 */
import { Store } from 'onewal';
import { parseBlock } from '../../bitcoin/block.mjs';
import { readRecords } from '../../bitcoin/block-file.mjs';
import { report } from '../report.mjs';
import { changesOf } from './coins.mjs';
import { connecting, openMaps, STORE_OPTIONS } from './maps.mjs';

/**
 * @typedef {object} Task
 * @property {string} directory
 * @property {string} file
 * @property {number} firstHeight of the first block in the file
 * @property {number} blocks how many to connect, at most
 * @property {'nothing' | 'checkpointing' | 'compacting' | 'closing'} ending what to do then
 * @property {boolean} isDoomed it never ends by itself: its parent will kill it
 */

/** @type {Record<Task['ending'], (store: Store) => Promise<unknown>>} */
const ENDINGS = {
  nothing: async () => {},
  checkpointing: (store) => store.checkpoint(),
  compacting: (store) => store.compact(),
  closing: (store) => store.close(),
};

await work(JSON.parse(process.argv[2] ?? '{}'));

/** @param {Task} task */
async function work(task) {
  report('opening');
  const store = await Store.open(task.directory, STORE_OPTIONS);
  report('opened');
  await connectBlocks(store, task);
  report(task.ending);
  await ENDINGS[task.ending](store);
  report('done');
  if (task.isDoomed) setInterval(() => {}, 1000);
}

/** @param {Store} store @param {Task} task */
async function connectBlocks(store, { file, firstHeight, blocks }) {
  const maps = openMaps(store);
  const nextHeight = (maps.headers.get('tip')?.height ?? firstHeight - 1) + 1;
  const done = nextHeight - firstHeight;
  for (const [i, record] of readRecords(file)
    .slice(done, done + blocks)
    .entries()) {
    const height = nextHeight + i;
    const block = parseBlock(record);
    const header = { height, header: block.header };
    const changes = changesOf(block, height, (outpoint) => maps.coins.get(outpoint));
    report('connecting', height);
    const { sequence } = await store.batch(connecting(maps, header, changes));
    report('connected', height, sequence);
  }
}
