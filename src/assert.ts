/**
 * States an invariant of ours, in words. On in production: a store that has broken its own rules
 * stops rather than writes.
 *
 * Never used on bytes from disk, arguments from users, or answers from the host: those are
 * expected to be wrong and get an error from errors.ts.
 */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new AssertionError(`broken invariant: ${invariant}`);
}

class AssertionError extends Error {
  override readonly name = 'AssertionError';
}
