/** An error as the one line that people and scripts see, and the exit code that goes with it. */
import { CorruptionError, OnewalError } from '../errors.ts';
import { WrongUse } from './arguments.ts';
import { DumpError } from './dump-format.ts';
import { ExitCode } from './exit-code.ts';
import { printable } from './report-text.ts';
import { TextError } from './value-text.ts';

export interface Failure {
  readonly text: string;
  readonly exitCode: ExitCode;
}

const DAMAGE_ADVICE =
  '. "onewal verify DIR" says which recovery mode helps, --recovery inspect reads what is sound';

export function describeFailure(error: unknown): Failure {
  if (error instanceof CorruptionError) {
    return failure(error.code, error.message + DAMAGE_ADVICE, ExitCode.damage);
  }
  if (error instanceof OnewalError) return failure(error.code, error.message);
  if (error instanceof WrongUse) return failure('INVALID_ARGUMENT', error.message);
  if (error instanceof TextError) return failure('KEY_INVALID', error.message);
  if (error instanceof DumpError) return failure('DUMP_INVALID', error.message);
  const code = hostCode(error);
  if (error instanceof Error && code !== undefined) {
    return failure(code, error.message.replace(`${code}: `, ''));
  }
  // A fault of ours: where it is, is what whoever mends it needs.
  const stack = error instanceof Error ? error.stack : undefined;
  return { text: `onewal: UNEXPECTED: ${stack ?? String(error)}\n`, exitCode: ExitCode.refused };
}

function failure(code: string, message: string, exitCode: ExitCode = ExitCode.refused): Failure {
  const line = printable(message.replaceAll(/\s*\n\s*/g, ' '));
  return { text: `onewal: ${code}: ${line}\n`, exitCode };
}

/** Of errors that the host makes: ENOENT, EACCES, ENOSPC ... */
function hostCode(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : undefined;
}
