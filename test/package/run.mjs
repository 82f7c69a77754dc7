/** Runs a step and says so; runs a command and shows what it said only when it fails. */
import { spawnSync } from 'node:child_process';

export function step(name, action) {
  console.log(`- ${name}`);
  return action();
}

export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: 'pipe',
    input: '',
    ...options,
  });
  if (result.status === 0) return result.stdout;
  const said = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`;
  throw new Error(`${[command, ...args].join(' ')} failed (${result.status})\n${said}`);
}
