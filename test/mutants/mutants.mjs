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

/** @type {readonly import('./mutant.mjs').Mutant[]} */
export const MUTANTS = [
  ...WAL_MUTANTS,
  ...COMMIT_MUTANTS,
  ...ROTATION_MUTANTS,
  ...SNAPSHOT_MUTANTS,
  ...RECOVERY_MUTANTS,
  ...TRANSACTION_MUTANTS,
  ...FOUND_MUTANTS,
  ...MUSEUM_MUTANTS,
];
