/** Which errors may come out, and what to throw when something else is wrong. */
import { type ErrorCode, OnewalError } from '../../src/errors.ts';

/** Of an open; docs/errors.md says what each means. A file system in memory never fails: no IO. */
export const OPEN_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['CORRUPT', 'MISSING_FILE', 'FORMAT_TOO_NEW', 'FOREIGN_FILE', 'NOT_FOUND'] as const),
  // Ids that are almost used up.
  'LIMIT',
]);

/** The engine, or a target's own expectation of it, is wrong. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
}

/** The code of an error that may come; throws what may not. */
export function codeOf(error: unknown, codes: ReadonlySet<ErrorCode>): ErrorCode {
  if (error instanceof OnewalError && codes.has(error.code)) return error.code;
  throw error;
}

export function requireSame(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [textOf(found), textOf(expected)];
  if (left === right) return;
  throw new FaultError(
    `${what}: ${left.slice(0, 2000)} where ${right.slice(0, 2000)} was expected`,
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
