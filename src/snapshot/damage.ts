/** How damage in a snapshot reaches who reads it. */
import { CorruptionError, type Damage, refusalOf } from '../errors.ts';

/** A CORRUPT error for one place. What it loses, only the store can tell. */
export function corruption(damage: Damage, cause?: unknown): CorruptionError {
  const { file, offset, reason } = damage;
  return new CorruptionError('CORRUPT', `${file} is damaged at offset ${offset}: ${reason}`, {
    cause,
    report: refusalOf(damage),
  });
}
