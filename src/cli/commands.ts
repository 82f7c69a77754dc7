/** Every command, in the order of the help. */
import type { Command } from './command.ts';
import { describeCommand } from './describe.ts';
import { dumpCommand } from './dump.ts';
import { inspectCommand } from './inspect.ts';
import { loadCommand } from './load.ts';
import { getCommand, rangeCommand } from './query.ts';
import { verifyCommand } from './verify.ts';

export const COMMANDS: readonly Command[] = [
  describeCommand,
  verifyCommand,
  inspectCommand,
  getCommand,
  rangeCommand,
  dumpCommand,
  loadCommand,
];
