/** The texts that --help prints. */
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';

export function usageOf(command: Command): string {
  return `usage: onewal ${command.name} ${command.synopsis}`;
}

export function helpOf(command: Command): string {
  return `${usageOf(command)}\n\n${command.summary}\n\n${command.details}`;
}

export function generalHelp(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const rows = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `usage: onewal COMMAND DIR ...

${rows.join('\n')}

  onewal COMMAND --help   says more of a command
  onewal --version        prints the version

All but load only read: they take no lock and work beside a program that has the store open.

exit code  0  it was done, and nothing damaged was met
           1  damage was found
           2  it could not be done: wrong use, no such store, locked, a full disk`;
}
