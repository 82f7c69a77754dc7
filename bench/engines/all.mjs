// @ts-check
/** Every engine that can be asked. Each imports its library when it is loaded, not before. */
import { classicLevel } from './classic-level.mjs';
import { lmdb } from './lmdb.mjs';
import { memoryLevel } from './memory-level.mjs';
import { nodeSqlite } from './node-sqlite.mjs';
import { onewal } from './onewal.mjs';
import { wasmSqlite } from './wasm-sqlite.mjs';

/** @import { EngineKind } from '../harness/types.ts' */

/** @type {readonly EngineKind[]} */
export const ENGINES = [onewal, lmdb, classicLevel, nodeSqlite, wasmSqlite, memoryLevel];

/** @param {string} name */
export function engineNamed(name) {
  const found = ENGINES.find((kind) => kind.name === name);
  if (found !== undefined) return found;
  throw new RangeError(
    `there is no engine ${name}: ${ENGINES.map((kind) => kind.name).join(', ')}`,
  );
}
