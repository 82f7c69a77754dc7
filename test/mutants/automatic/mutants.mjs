// @ts-check
/** The mutants of each room, numbered, with a name that stays when lines move. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { changesOf } from './operators.mjs';

/** @import { Change } from './operators.mjs' */
/**
 * @typedef {Change & {
 *   readonly id: number,
 *   readonly room: string,
 *   readonly file: string,
 *   readonly name: string,
 * }} AutomaticMutant
 */

const TEXT_LENGTH_MAX = 100;

/** @type {Readonly<Record<string, readonly RegExp[]>>} */
export const ROOMS = {
  wal: [/^src\/wal\//],
  recovery: [
    /^src\/store\/(recover|recovery|recovered|survey|witness|history|replay|quarantine|found-loss|loss|head)\.ts$/,
  ],
  snapshot: [/^src\/snapshot\//],
  commit: [
    /^src\/store\/(generation|rotation|commit-group|commit-queue|commit-request|checkpoint|compaction|maintenance|close|reserve)\.ts$/,
  ],
};

/** @param {string} root @returns {readonly AutomaticMutant[]} */
export function automaticMutants(root) {
  const files = ['src/wal', 'src/store', 'src/snapshot'].flatMap((directory) =>
    readdirSync(join(root, directory)).map((name) => `${directory}/${name}`),
  );
  /** @type {AutomaticMutant[]} */
  const mutants = [];
  for (const [room, patterns] of Object.entries(ROOMS)) {
    for (const file of files.filter((path) => patterns.some((pattern) => pattern.test(path)))) {
      for (const change of namedChanges(file, readFileSync(join(root, file), 'utf8'))) {
        mutants.push({ ...change, id: mutants.length + 1, room, file });
      }
    }
  }
  return mutants;
}

/** @param {string} file @param {string} text */
function namedChanges(file, text) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  return changesOf(file, text).map((change) => {
    const before = oneLine(text.slice(change.start, change.end));
    const after = change.kind === 'statement' ? 'nothing' : oneLine(change.replace);
    const plain = `${file}, ${change.place}: ${before} → ${after}`;
    const count = (counts.get(plain) ?? 0) + 1;
    counts.set(plain, count);
    return { ...change, name: count === 1 ? plain : `${plain} (${count})` };
  });
}

/** @param {string} text */
function oneLine(text) {
  const line = text.replace(/\s+/g, ' ');
  if (line.length <= TEXT_LENGTH_MAX) return line;
  const half = TEXT_LENGTH_MAX / 2;
  return `${line.slice(0, half)}…${line.slice(-half)}`;
}
