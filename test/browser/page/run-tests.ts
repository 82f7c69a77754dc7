/** Runs tests in a page or a worker and says how each of them ended. */
import { startTests, type Task, type VitestRunner } from '@vitest/runner';

export interface TestOutcome {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly failure?: string;
}

const TIMEOUT_MS = 60_000;

/** `register` calls `describe` and `test`. */
export async function runTests(register: () => void): Promise<TestOutcome[]> {
  const runner: VitestRunner = {
    config: {
      root: '/',
      setupFiles: [],
      name: undefined,
      passWithNoTests: false,
      testNamePattern: undefined,
      allowOnly: false,
      sequence: {
        shuffle: false,
        concurrent: false,
        seed: 1,
        hooks: 'stack',
        setupFiles: 'list',
      },
      chaiConfig: undefined,
      maxConcurrency: 1,
      testTimeout: TIMEOUT_MS,
      hookTimeout: TIMEOUT_MS,
      retry: 0,
      includeTaskLocation: false,
      tags: [],
      tagsFilter: undefined,
      strictTags: false,
    },
    importFile: () => register(),
  };
  const files = await startTests(['/suite'], runner);
  const failures = files.flatMap((file) =>
    (file.result?.errors ?? []).map(({ message }) => message),
  );
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return files.flatMap((file) => outcomesOf(file, ''));
}

function outcomesOf(task: Task, prefix: string): TestOutcome[] {
  const name = task.name === '/suite' ? '' : `${prefix}${task.name}`;
  if (task.type === 'suite') {
    return task.tasks.flatMap((child) => outcomesOf(child, name === '' ? '' : `${name} > `));
  }
  if (task.mode === 'skip' || task.mode === 'todo') return [{ name, state: 'skipped' }];
  if (task.result?.state === 'pass') return [{ name, state: 'passed' }];
  const errors = task.result?.errors ?? [];
  const failure = errors.map((error) => error.stack ?? error.message).join('\n');
  return [{ name, state: 'failed', failure: failure === '' ? 'did not run' : failure }];
}
