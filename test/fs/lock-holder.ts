/** Steers lock-holder.child.ts in another process or worker. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { LockHolder } from '../../src/errors.ts';
import { bundleForNode } from '../support/child-bundle.ts';

export interface HolderSettings {
  readonly directory: string;
  readonly kernelLock: 'own' | 'none';
  readonly staleMs: number;
}

export type HolderCommand = 'take' | 'release' | 'look';

export type HolderReport =
  | { readonly kind: 'ready' | 'released' | 'lost' }
  | { readonly kind: 'held'; readonly lockKind: 'kernel' | 'advisory' }
  | {
      readonly kind: 'refused';
      readonly message: string;
      readonly holder: LockHolder | undefined;
    }
  | { readonly kind: 'looked'; readonly isLost: boolean };

export interface Holder {
  readonly pid: number;
  /** The answer to a command. */
  tell(command: HolderCommand): Promise<HolderReport>;
  /** The next report, whether asked for or not. */
  report(): Promise<HolderReport>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends it as hard as it can be ended; resolves when it is gone. */
  kill(): Promise<void>;
}

const childFile = join(import.meta.dirname, 'lock-holder.child.ts');

export async function startHolder(
  settings: HolderSettings,
  wrapper: readonly string[] = [],
): Promise<Holder> {
  const bundle = await bundleForNode(childFile);
  const argument = JSON.stringify(settings);
  const [command, ...rest] = [...wrapper, process.execPath, bundle, argument];
  const child =
    wrapper.length === 0
      ? fork(bundle, [argument])
      : spawn(String(command), rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return readyHolder({
    pid: child.pid ?? 0,
    tell: (told) => {
      const answer = nextReport(child);
      child.send(told);
      return answer;
    },
    report: () => nextReport(child),
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  });
}

export async function startWorkerHolder(settings: HolderSettings): Promise<Holder> {
  const bundle = await bundleForNode(childFile);
  const worker = new Worker(bundle, { workerData: JSON.stringify(settings) });
  return readyHolder({
    pid: process.pid,
    tell: (told) => {
      const answer = nextReport(worker);
      worker.postMessage(told);
      return answer;
    },
    report: () => nextReport(worker),
    signal: () => undefined,
    kill: async () => void (await worker.terminate()),
  });
}

async function nextReport(source: ChildProcess | Worker): Promise<HolderReport> {
  const [report] = await once(source, 'message');
  return report;
}

async function readyHolder(holder: Holder): Promise<Holder> {
  await holder.report();
  return holder;
}
