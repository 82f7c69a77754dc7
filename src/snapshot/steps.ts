/** How long work over a whole file lets its caller breathe, stop it, and watch it. */
import type { File } from '../fs/file-system.ts';
import type { Awaitable } from '../fs/task.ts';

export interface SnapshotSteps {
  /** Called every few hundred entries; whoever wants the thread returns a promise. */
  pause(): Awaitable<void>;
  /** Called as often; what it throws ends the work. */
  check(): void;
  onProgress(done: SnapshotProgress): void;
}

export interface WriteSteps extends SnapshotSteps {
  /** `file.sync()`, or `file.syncNow()` where the caller must not wait. */
  sync(file: File): Awaitable<void>;
}

/** Done so far. */
interface SnapshotProgress {
  readonly bytes: number;
  readonly entries: number;
}
