import type { Policy } from '../../src/remote/index.ts';

/** For a side that is trusted. */
export const EVERYTHING: Policy = {
  read: 'all',
  write: 'all',
  allow: ['checkpoint', 'compact', 'verify', 'setQuota', 'dropMap', 'stats', 'info'],
};
