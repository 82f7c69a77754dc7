/** onewal/inspect: what stands in the WALs of a store, on any host. For eyes, not for recovery. */
export type { LoggedOperation } from './logged-operations.ts';
export { type LoggedFrame, readWals, type WalContent } from './read-wals.ts';
