/** A process or worker that takes and releases a lock when it is told to. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { LockedError } from '../../src/errors.ts';
import { type NodeLock, takeNodeLock } from '../../src/fs/node-lock.ts';
import type { HolderCommand, HolderReport, HolderSettings } from './lock-holder.ts';

const argument = isMainThread ? process.argv[2] : workerData;
const { directory, kernelLock, staleMs }: HolderSettings = JSON.parse(String(argument));
let held: NodeLock | undefined;

function report(message: HolderReport): void {
  if (parentPort !== null) parentPort.postMessage(message);
  else process.send?.(message);
}

function take(): HolderReport {
  try {
    held = takeNodeLock(directory, {
      staleMs,
      ...(kernelLock === 'none' ? { kernelLock: () => ({ kind: 'unavailable' as const }) } : {}),
    });
    held.onLost(() => report({ kind: 'lost' }));
    return { kind: 'held', lockKind: held.kind };
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    return { kind: 'refused', message: error.message, holder: error.holder };
  }
}

function answer(command: HolderCommand): HolderReport {
  switch (command) {
    case 'take':
      return take();
    case 'release':
      held?.release();
      return { kind: 'released' };
    case 'look':
      return { kind: 'looked', isLost: held?.isLost ?? true };
  }
}

(parentPort ?? process).on('message', (command: HolderCommand) => report(answer(command)));
report({ kind: 'ready' });
