/**
 * How a child tells its parent what it did: a line of JSON on its standard output. Written at once,
 * so that what was reported before a kill is heard after it.
 */
import { writeSync } from 'node:fs';

export interface Report {
  readonly kind: string;
  readonly [fact: string]: unknown;
}

const STANDARD_OUTPUT = 1;
const RETRY_MILLISECONDS = 1;

/** Returns when the pipe has the line. Also for threads of a child. */
export function report(kind: string, facts: { readonly [fact: string]: unknown } = {}): void {
  let left = new TextEncoder().encode(`${JSON.stringify({ kind, ...facts })}\n`);
  while (left.length > 0) left = left.subarray(writeSome(left));
}

/** A full pipe takes nothing until the parent has caught up. */
function writeSome(bytes: Uint8Array): number {
  try {
    return writeSync(STANDARD_OUTPUT, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MILLISECONDS);
    return 0;
  }
}

/** Whole lines out of text that comes in pieces; the last line counts when its end has come. */
export class ReportReader {
  #rest = '';

  *read(text: string): Iterable<Report> {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
}

/** What was thrown, as a report can carry it. */
export function errorFacts(error: unknown): { readonly [fact: string]: unknown } {
  const { code, committed, holder, message } = (error ?? {}) as { [fact: string]: unknown };
  return { code: code ?? String(error), committed, holder, message };
}
