// @ts-check
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PEERS } from './import-peer.mjs';
import { engineOn } from './sqlite.mjs';

/** @import { EngineKind } from '../harness/types.ts' */

const require = createRequire(import.meta.url);
const LIBRARY = 'node:sqlite';

/** @type {EngineKind} */
export const nodeSqlite = {
  name: 'node:sqlite',
  options:
    'three tables `WITHOUT ROWID`, prepared statements, WAL, `cache_size`; synced: `synchronous = FULL`; unsynced: `synchronous = NORMAL`',
  durability: 'synced',
  isNative: true,
  isPersistent: true,
  node: nodeWithSqlite,
  version() {
    const program = `const { DatabaseSync } = require('${LIBRARY}');
      console.log(new DatabaseSync(':memory:').prepare('SELECT sqlite_version() AS v').get().v, process.version)`;
    const { stdout } = spawnSync(nodeWithSqlite(), ['--no-warnings', '-e', program]);
    const [sqlite, node] = String(stdout).trim().split(' ');
    return `SQLite ${sqlite} of Node ${node}`;
  },
  load: async () => require(LIBRARY),
  async open(directory, options) {
    const { DatabaseSync } = require(LIBRARY);
    return engineOn(new DatabaseSync(join(directory, 'store.db')), options);
  },
};

/** Node 20 has none, so bench/peers brings a newer one. */
function nodeWithSqlite() {
  const [major = 0] = process.versions.node.split('.').map(Number);
  return major >= 22 ? process.execPath : join(PEERS, 'node_modules', '.bin', 'node');
}
