#!/usr/bin/env node
/** The program `onewal`: the process around run.ts. */
import { runCli } from './run.ts';

runCli(process.argv.slice(2), {
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
}).then((exitCode) => {
  // Not exit(): what was written to a pipe may still be on its way.
  process.exitCode = exitCode;
});
