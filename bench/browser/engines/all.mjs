// @ts-check
/** Every engine that is asked in a browser, in its turn. */
import { browserLevel } from './browser-level.mjs';
import { dexie } from './dexie.mjs';
import { idb } from './idb.mjs';
import { onewalOnIndexedDb, onewalOnOpfs } from './onewal.mjs';
import { sqlite } from './sqlite.mjs';

/** @import { BrowserEngineKind } from '../types.ts' */

/** @type {readonly BrowserEngineKind[]} */
const ENGINES = [onewalOnOpfs, onewalOnIndexedDb, idb, dexie, browserLevel, sqlite];

/** @param {string} name */
export function engineNamed(name) {
  const found = ENGINES.find((kind) => kind.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`there is no engine ${name}`);
}
