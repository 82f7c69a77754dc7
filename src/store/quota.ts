/** Whether a commit may be logged: quotas are exact to the byte and refuse before anything is. */
import { QuotaError } from '../errors.ts';
import type { Catalog } from './catalog.ts';
import type { UsageTable } from './usage.ts';

interface Accounts {
  readonly catalog: Catalog;
  readonly usage: UsageTable;
}

/**
 * Throws QUOTA_EXCEEDED if the commit makes something grow past its quota. What does not grow is
 * always allowed, also above a quota that was lowered.
 */
export function checkQuotas(before: Accounts, after: Accounts): void {
  for (const id of after.usage.changed) {
    const map = after.catalog.byId(id);
    if (map?.quota === undefined) continue;
    const needed = after.usage.of(id).bytes;
    if (needed > map.quota && needed > bytesOf(before, map.name)) {
      throw new QuotaError({ needed, quota: map.quota, map: map.name });
    }
  }
  const { quota } = after.catalog;
  const needed = after.usage.totalBytes;
  if (quota !== undefined && needed > quota && needed > before.usage.totalBytes) {
    throw new QuotaError({ needed, quota });
  }
}

/** By its name: emptying a map gives it a new id. */
function bytesOf({ catalog, usage }: Accounts, name: string): number {
  const map = catalog.named(name);
  return map === undefined ? 0 : usage.of(map.id).bytes;
}
