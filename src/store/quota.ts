/** Whether a commit may be logged: quotas are exact to the byte and refuse before anything is. */
import { QuotaError } from '../errors.ts';
import type { Catalog } from './catalog.ts';
import type { UsageTable } from './usage.ts';

/**
 * Throws QUOTA_EXCEEDED if the commit makes something grow past its quota. What does not grow is
 * always allowed, also above a quota that was lowered.
 */
export function checkQuotas(catalog: Catalog, before: UsageTable, after: UsageTable): void {
  for (const id of after.changed) {
    const map = catalog.byId(id);
    if (map === undefined) continue;
    const needed = after.of(id).bytes;
    const isOver = map.quota !== undefined && needed > map.quota;
    if (isOver && needed > before.of(id).bytes) {
      throw new QuotaError({ needed, quota: map.quota as number, map: map.name });
    }
  }
  const { quota } = catalog;
  if (quota !== undefined && after.totalBytes > quota && after.totalBytes > before.totalBytes) {
    throw new QuotaError({ needed: after.totalBytes, quota });
  }
}
