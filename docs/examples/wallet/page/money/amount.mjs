// @ts-check
/** Amounts of money as they are written: whole hundredths in a bigint, so that nothing is rounded. */
import { Refusal } from './refusal.mjs';

const WRITTEN = /^(\d{1,12})(?:[.,](\d{1,2}))?$/;

/**
 * 1250n for "12.5". Throws Refusal.
 *
 * @param {string} text
 */
export function parseAmount(text) {
  const trimmed = text.trim();
  if (trimmed === '') throw new Refusal('amount', 'Say how much: 12 or 12.50.');
  const [, whole, part = ''] = WRITTEN.exec(trimmed) ?? [];
  if (whole === undefined) {
    throw new Refusal('amount', `“${trimmed}” is not an amount: write 12 or 12.50.`);
  }
  return BigInt(whole) * 100n + BigInt(part.padEnd(2, '0'));
}

/**
 * "1,234.50" for 123450n.
 *
 * @param {bigint} amount
 */
export function amountText(amount) {
  const size = amount < 0n ? -amount : amount;
  const whole = String(size / 100n).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${amount < 0n ? '−' : ''}${whole}.${String(size % 100n).padStart(2, '0')}`;
}
