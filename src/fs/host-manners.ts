/**
 * How a host answers. The rich host is Node: at once, with as many files as the disk takes, and it
 * can block for a sync. The poor host is the least that any supported host offers, all of it in
 * one: every answer is a promise (OPFS, IndexedDB), files come from a pool made in advance (OPFS),
 * writes only append (Cordova's file plugin cuts a file at the offset written to), no sync blocks.
 *
 * Hosts in memory take these manners, so that the engine is tested against both.
 */
import { errnoError } from './errno.ts';
import type { Awaitable } from './task.ts';

export interface HostOptions {
  /** Default `rich`. */
  readonly host?: 'rich' | 'poor';
  /** Files in the pool of a poor host. Default 24. A rich host has no limit unless this is set. */
  readonly fileCountMax?: number;
}

const POOL_FILE_COUNT = 24;

export class HostManners {
  readonly isPoor: boolean;
  readonly #fileCountMax: number;

  constructor(options: HostOptions = {}) {
    this.isPoor = options.host === 'poor';
    this.#fileCountMax = options.fileCountMax ?? (this.isPoor ? POOL_FILE_COUNT : Infinity);
  }

  /** Does the work now and answers with its value, or later and answers with a promise. */
  readonly answer = <T>(work: () => T): Awaitable<T> =>
    this.isPoor ? Promise.resolve().then(work) : work();

  /** Throws ENOSPC when the pool has no file left. */
  checkFileCount(fileCount: number): void {
    if (fileCount >= this.#fileCountMax) throw errnoError('ENOSPC', 'no file left in the pool');
  }

  /** Throws EINVAL for a hole, and for anything but appending where the host can do no more. */
  checkOffset(offset: number, fileSize: number): void {
    const isPossible = this.isPoor ? offset === fileSize : offset <= fileSize;
    if (!isPossible) throw errnoError('EINVAL', `write at ${offset} of ${fileSize} bytes`);
  }

  /** Throws EINVAL when a cut would be above the size. */
  checkCut(size: number, fileSize: number): void {
    if (size > fileSize) throw errnoError('EINVAL', `cut of ${fileSize} bytes to ${size}`);
  }
}
