// @ts-check
/** All mutants, in the order of the rooms. */
import { COMMIT_MUTANTS } from './commits.mjs';
import { FOUND_MUTANTS } from './found.mjs';
import { MUSEUM_MUTANTS } from './museum.mjs';
import { RECOVERY_MUTANTS } from './recovery.mjs';
import { ROTATION_MUTANTS } from './rotation.mjs';
import { SNAPSHOT_MUTANTS } from './snapshots.mjs';
import { TRANSACTION_MUTANTS } from './transactions.mjs';
import { WAL_MUTANTS } from './wal.mjs';

/** @type {Readonly<Record<string, readonly import('./mutant.mjs').Mutant[]>>} */
export const GROUPS = {
  WAL: WAL_MUTANTS,
  commits: COMMIT_MUTANTS,
  rotation: ROTATION_MUTANTS,
  snapshots: SNAPSHOT_MUTANTS,
  recovery: RECOVERY_MUTANTS,
  transactions: TRANSACTION_MUTANTS,
  found: FOUND_MUTANTS,
  museum: MUSEUM_MUTANTS,
};

export const MUTANTS = Object.values(GROUPS).flat();
