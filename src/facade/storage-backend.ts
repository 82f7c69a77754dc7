/**
 * The shape of a storage backend: named column families, atomic batches over them, prefix scans;
 * what stores the bytes is a matter of configuration. docs/storage-backend.md says more.
 */
import type { FileSystem } from '../fs/file-system.ts';
import { invalid, type StoreOptions } from '../options.ts';
import { FamilyBackend, type StorageBackend } from './family-backend.ts';
import { type LevelDatabase, LevelFamilies } from './level-families.ts';
import { OnewalFamilies } from './onewal-families.ts';

export type { KeyValuePair, StorageBackend } from './family-backend.ts';
export type { LevelDatabase, LevelFamily } from './level-families.ts';
export { WriteBatch, type WriteOperation } from './write-batch.ts';

interface Families {
  /** All column families there are: letters, digits, `_`, `-` and `.`, at most 200 of them. */
  readonly families: readonly string[];
}

export interface OnewalConfiguration extends Families {
  readonly engine?: 'onewal';
  readonly location: string | FileSystem;
  readonly options?: StoreOptions;
}

export interface LevelConfiguration extends Families {
  readonly engine: 'level';
  /** An AbstractLevel, opened or not. The backend takes it over: `close` closes it. */
  readonly database: LevelDatabase;
}

export type BackendConfiguration = OnewalConfiguration | LevelConfiguration;

const FAMILY_NAME = /^[\w.-]{1,200}$/;

/** Throws INVALID_ARGUMENT, and what `Store.open` or the database's own `open` throws. */
export async function openStorageBackend(
  configuration: BackendConfiguration,
): Promise<StorageBackend> {
  const names = checkFamilies(configuration.families);
  const { engine = 'onewal' } = configuration;
  if (configuration.engine === 'level') {
    return new FamilyBackend(names, await LevelFamilies.open(configuration.database, names));
  }
  if (engine !== 'onewal') throw invalid(`the engine is onewal or level, not ${String(engine)}`);
  const { location, options } = configuration;
  return new FamilyBackend(names, await OnewalFamilies.open(location, names, options));
}

function checkFamilies(families: readonly string[]): ReadonlySet<string> {
  const names = new Set(families);
  for (const name of names) {
    if (typeof name === 'string' && FAMILY_NAME.test(name)) continue;
    throw invalid(`${JSON.stringify(name)} is no name for a column family`);
  }
  return names;
}
