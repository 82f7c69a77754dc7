// @ts-check
/**
 * SQLite, however it is compiled: three tables without row ids, in WAL mode.
 *
 * Everything blocks: several commits in flight are one after the other.
 */

/** @import { Engine, OpenOptions } from '../harness/types.ts' */

/**
 * @typedef {object} Sqlite
 * @property {(sql: string) => unknown} exec
 * @property {(sql: string) => Statement} prepare
 * @property {() => void} close
 */
/**
 * @typedef {object} Statement
 * @property {(...values: unknown[]) => unknown} run
 * @property {(...values: unknown[]) => any} get
 * @property {(...values: unknown[]) => Iterable<any>} iterate
 */

const TABLES = ['entries', 'second', 'third'];
const NO_LIMIT = -1;
const KIB = 1024;

/** @param {Sqlite} db @param {OpenOptions} options @returns {Engine} */
export function engineOn(db, { durability, cacheBytes }) {
  db.exec('PRAGMA journal_mode = WAL');
  db.exec(`PRAGMA synchronous = ${durability === 'synced' ? 'FULL' : 'NORMAL'}`);
  db.exec(`PRAGMA cache_size = -${Math.ceil(cacheBytes / KIB)}`);
  for (const name of TABLES) {
    db.exec(`CREATE TABLE IF NOT EXISTS ${name} (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID`);
  }
  const puts = TABLES.map((name) => db.prepare(`INSERT OR REPLACE INTO ${name} VALUES (?, ?)`));
  const one = db.prepare('SELECT value FROM entries WHERE key = ?');
  const range = db.prepare('SELECT key, value FROM entries WHERE key >= ? ORDER BY key LIMIT ?');
  const put = (/** @type {Uint8Array} */ key, /** @type {Uint8Array} */ value) =>
    puts[0]?.run(key, value);
  return {
    put,
    putNow: put,
    commit(writes) {
      db.exec('BEGIN');
      for (const { map, key, value } of writes) puts[map]?.run(key, value);
      db.exec('COMMIT');
    },
    get: (key) => one.get(key)?.value,
    scan(visit, { start = new Uint8Array(0), limit = NO_LIMIT }) {
      for (const { key, value } of range.iterate(start, limit)) visit(key, value);
    },
    flush() {
      db.exec('PRAGMA synchronous = FULL');
      db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    },
    compact: () => db.exec('VACUUM'),
    close: () => db.close(),
  };
}
