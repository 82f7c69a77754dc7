/** One call of the command line, from words to an exit code. Throws nothing. */
import type { Writable } from 'node:stream';
import { Arguments, WrongUse } from './arguments.ts';
import type { Command, Terminal } from './command.ts';
import { COMMANDS } from './commands.ts';
import { ExitCode } from './exit-code.ts';
import { describeFailure } from './failure.ts';
import { generalHelp, helpOf, usageOf } from './help.ts';
import { ClosedPipe, Output } from './output.ts';
import { packageVersion } from './version.ts';

export interface Streams {
  readonly input: AsyncIterable<Uint8Array>;
  readonly output: Writable;
  readonly errors: Terminal;
}

interface Run {
  readonly input: AsyncIterable<Uint8Array>;
  readonly output: Output;
  readonly errors: Terminal;
}

/** `words`: what follows the name of the program. */
export async function runCli(words: readonly string[], streams: Streams): Promise<ExitCode> {
  const output = new Output(streams.output);
  const run = { input: streams.input, output, errors: streams.errors };
  // Nobody is left to tell that nobody reads the errors.
  streams.errors.on('error', () => undefined);
  try {
    const exitCode = await dispatch(words, run);
    await output.flush();
    return exitCode;
  } catch (error) {
    return await reportFailure(error, run);
  }
}

async function reportFailure(error: unknown, { output, errors }: Run): Promise<ExitCode> {
  if (error instanceof ClosedPipe) return ExitCode.fine;
  // What was found before the failure is the caller's; if it cannot be written, the failure stays.
  await output.flush().catch(() => undefined);
  const { text, exitCode } = describeFailure(error);
  errors.write(text);
  return exitCode;
}

async function dispatch(words: readonly string[], run: Run): Promise<ExitCode> {
  const [name, ...rest] = words;
  if (name === '--version') return say(run, packageVersion());
  if (name === '--help' || name === '-h') return say(run, generalHelp());
  const command = COMMANDS.find((known) => known.name === name);
  if (command !== undefined) return runCommand(command, rest, run);
  run.errors.write(`${generalHelp()}\n\n`);
  throw new WrongUse(name === undefined ? 'a command is missing' : `there is no command ${name}`);
}

async function runCommand(command: Command, words: readonly string[], run: Run): Promise<ExitCode> {
  if (asksForHelp(words)) return say(run, helpOf(command));
  const given = parseWords(command, words, run);
  return command.run({ given, ...run });
}

function parseWords(command: Command, words: readonly string[], { errors }: Run): Arguments {
  try {
    const given = Arguments.parse(words, command.options);
    const { min, max } = command.operandCount;
    if (given.operandCount < min) throw new WrongUse('an operand is missing');
    if (given.operandCount > max) throw new WrongUse(`one operand too many: ${given.operand(max)}`);
    return given;
  } catch (error) {
    errors.write(`${usageOf(command)}\n`);
    throw error;
  }
}

/** Behind -- stand operands. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  const options = end < 0 ? words : words.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

async function say({ output }: Run, text: string): Promise<ExitCode> {
  await output.line(text);
  return ExitCode.fine;
}
