// @ts-check
/**
 * SQLite over the pool of OPFS files that comes with it: one table without row ids. Its WAL needs the
 * exclusive locking mode, for there is no memory to share.
 */
import sqlite3Init from '@sqlite.org/sqlite-wasm';

/** @import { BrowserEngineKind } from '../types.ts' */

const NO_LIMIT = -1;
const CACHE_KIB = 256 << 10;

/** @type {any} */
let sqlite3;

/** @type {BrowserEngineKind} */
export const sqlite = {
  name: 'sqlite-wasm',
  async load() {
    sqlite3 = await sqlite3Init({ locateFile: (/** @type {string} */ file) => `/${file}` });
  },
  async open(name) {
    const pool = await sqlite3.installOpfsSAHPoolVfs({ directory: name, name });
    const db = new pool.OpfsSAHPoolDb('/store.db');
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    const mode = db.selectValue('PRAGMA journal_mode = WAL');
    if (mode !== 'wal') throw new Error(`SQLite writes a journal of the kind ${mode}`);
    db.exec('PRAGMA synchronous = FULL');
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    db.exec('CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID');
    const insert = db.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?)');
    const one = db.prepare('SELECT value FROM entries WHERE key = ?');
    const range = db.prepare('SELECT key, value FROM entries WHERE key >= ? ORDER BY key LIMIT ?');
    const put = (/** @type {Uint8Array} */ key, /** @type {Uint8Array} */ value) => {
      insert.bind([key, value]).stepReset();
    };
    return {
      put,
      commit(entries) {
        db.exec('BEGIN');
        for (const { key, value } of entries) put(key, value);
        db.exec('COMMIT');
      },
      get(key) {
        one.bind([key]);
        const value = one.step() ? one.getBlob(0) : undefined;
        one.reset();
        return value ?? undefined;
      },
      scan(visit, { start = new Uint8Array(0), limit = NO_LIMIT }) {
        range.bind([start, limit]);
        while (range.step()) visit(range.getBlob(1) ?? new Uint8Array(0));
        range.reset();
      },
      close() {
        for (const statement of [insert, one, range]) statement.finalize();
        db.close();
        pool.pauseVfs();
      },
    };
  },
};
