/** Opens, commits, checkpoints, compacts and closes, again and again, and says what it holds on to. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Store } from '../../src/index-node.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { report } from './report.ts';

export interface SoakTask {
  readonly directory: string;
  readonly seed: number;
  readonly rounds: number;
  readonly roundsBetweenSamples: number;
  /** For the tests: keeps a file of each round open. */
  readonly isLeaking?: boolean;
}

const COMMIT_COUNT = 20;
const KEY_COUNT = 200;
const VALUE_SIZE = 500;

const task: SoakTask = JSON.parse(String(process.argv[2]));
const random = new SeededRandom(task.seed);
const kept: unknown[] = [];
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

for (let round = 1; round <= task.rounds; round++) {
  await live(round);
  if (round % task.roundsBetweenSamples === 0) sample(round);
}
report('done');

async function live(round: number): Promise<void> {
  const store = await Store.open(task.directory);
  const map = store.map<number, Uint8Array>('entries', { value: 'binary' });
  const puts = Array.from({ length: COMMIT_COUNT }, () =>
    map.put(random.below(KEY_COUNT), random.bytes(random.below(VALUE_SIZE))),
  );
  await Promise.all(puts);
  const view = store.view();
  const iterator = map.getRange()[Symbol.iterator]();
  iterator.next();
  if (round % 3 === 0) await store.checkpoint();
  if (round % 7 === 0) await store.compact();
  await map.remove(random.below(KEY_COUNT));
  view.release();
  await refusedOpen();
  if (round % 2 === 0) await store.close();
  else store.closeSync();
  if (task.isLeaking) kept.push(await Store.open(task.directory, { readOnly: true }));
}

/** What fails must not keep anything either. */
async function refusedOpen(): Promise<void> {
  const refusal = await Store.open(task.directory).catch((error: unknown) => error);
  if ((refusal as { code?: string }).code !== 'LOCKED') report('fault', { what: 'no lock' });
}

function sample(round: number): void {
  collect();
  const names = readdirSync(task.directory);
  const sizes = names.map((name) => statSync(join(task.directory, name)).size);
  report('sample', {
    round,
    descriptors: readdirSync('/proc/self/fd').length,
    heap: process.memoryUsage().heapUsed,
    files: names.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  });
}
