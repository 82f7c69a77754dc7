// @ts-check
import { join } from 'node:path';
import { importPeer, versionOfPeer } from './import-peer.mjs';
import { engineOn } from './sqlite.mjs';

/** @import { EngineKind } from '../harness/types.ts' */
/** @import { Sqlite } from './sqlite.mjs' */

const LIBRARY = 'node-sqlite3-wasm';

/** @type {EngineKind} */
export const wasmSqlite = {
  name: LIBRARY,
  options:
    'as node:sqlite, with `locking_mode = EXCLUSIVE`, without which it has no WAL; nothing native',
  durability: 'synced',
  isNative: false,
  isPersistent: true,
  version: () => versionOfPeer(LIBRARY),
  load: () => importPeer(LIBRARY),
  async open(directory, options) {
    const { Database } = (await importPeer(LIBRARY)).default;
    const db = new Database(join(directory, 'store.db'));
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    return engineOn(shapedAsSqlite(db), options);
  },
};

/** It takes the values of a statement as one array. @param {any} db @returns {Sqlite} */
function shapedAsSqlite(db) {
  /** @type {any[]} */
  const statements = [];
  return {
    exec: (sql) => db.exec(sql),
    prepare(sql) {
      const statement = db.prepare(sql);
      statements.push(statement);
      return {
        run: (...values) => statement.run(values),
        get: (...values) => statement.get(values),
        iterate: (...values) => statement.iterate(values),
      };
    },
    close() {
      for (const statement of statements) statement.finalize();
      db.close();
    },
  };
}
