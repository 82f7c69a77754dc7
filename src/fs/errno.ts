/** An error as a host would throw it: a Node-style `code`, and what could not be done. */
export function errnoError(code: string, action: string): Error {
  return Object.assign(new Error(`${code}: ${action}`), { code });
}

/** The `code` of whatever was thrown, where it has one. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
