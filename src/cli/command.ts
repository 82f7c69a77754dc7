/** What every command is made of; commands.ts lists them. */
import type { Arguments, OptionTable } from './arguments.ts';
import type { ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';

export interface Command {
  readonly name: string;
  /** Its operands and options, as in the usage. */
  readonly synopsis: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** The rest of its help. */
  readonly details: string;
  readonly options: OptionTable;
  readonly operandCount: { readonly min: number; readonly max: number };
  /** Throws what the store throws, WrongUse, DumpError; failure.ts turns them into a line. */
  run(call: Call): Promise<ExitCode>;
}

export interface Call {
  readonly given: Arguments;
  readonly input: AsyncIterable<Uint8Array>;
  readonly output: Output;
  /** Warnings, errors and progress. */
  readonly errors: Terminal;
}

/** A stream that people may be watching. */
export interface Terminal extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}
