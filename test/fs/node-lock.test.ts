import { spawnSync } from 'node:child_process';
import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { LockedError } from '../../src/errors.ts';
import { openExclusively } from '../../src/fs/node-kernel-lock.ts';
import { type NodeLock, type NodeLockOptions, takeNodeLock } from '../../src/fs/node-lock.ts';
import { bundleForNode } from '../support/child-bundle.ts';
import { type Holder, startHolder, startWorkerHolder } from './lock-holder.ts';

const STALE_MS = 2000;
const root = realpathSync(mkdtempSync(join(tmpdir(), 'onewal-lock-')));
const holders: Holder[] = [];
const locks: NodeLock[] = [];

afterEach(async () => {
  for (const lock of locks.splice(0)) lock.release();
  await Promise.all(holders.splice(0).map((holder) => holder.kill()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function freshDirectory(): string {
  count += 1;
  const directory = join(root, `store ${count}`);
  mkdirSync(directory);
  return directory;
}

function take(directory: string, options: NodeLockOptions = {}): NodeLock {
  const lock = takeNodeLock(directory, { staleMs: STALE_MS, ...options });
  locks.push(lock);
  return lock;
}

async function holderOf(directory: string, kernelLock: 'own' | 'none' = 'own', wrapper?: string[]) {
  const holder = await startHolder({ directory, kernelLock, staleMs: STALE_MS }, wrapper);
  holders.push(holder);
  return holder;
}

async function workerHolderOf(directory: string) {
  const holder = await startWorkerHolder({ directory, kernelLock: 'own', staleMs: STALE_MS });
  holders.push(holder);
  return holder;
}

/** As a kernel that this process shares with nobody would give it. */
const foreignKernelLock = () => ({
  kind: 'held' as const,
  lock: { domain: 'another kernel', release: () => undefined },
});
const noKernelLock = () => ({ kind: 'unavailable' as const });

function makeStale(directory: string): void {
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(join(directory, 'lock'), longAgo, longAgo);
}

const expectLocked = (work: () => unknown) => expect(work).toThrow(LockedError);

describe('in one process', () => {
  test('a second taker is refused at once and learns who holds the lock', () => {
    const directory = freshDirectory();
    const { holder } = take(directory);

    const refusal = vi.fn();
    try {
      take(directory);
    } catch (error) {
      refusal(error);
    }

    expect(refusal).toHaveBeenCalledWith(
      expect.objectContaining({
        code: 'LOCKED',
        holder,
        message: expect.stringContaining('close'),
      }),
    );
    expect(holder).toMatchObject({ pid: process.pid, host: hostname() });
  });

  test('a link to the directory leads to the same lock', () => {
    const directory = freshDirectory();
    const link = join(root, 'link');
    symlinkSync(directory, link);
    take(directory);

    expectLocked(() => take(link));
  });

  test('a second copy of the module is refused', async () => {
    const directory = freshDirectory();
    const first = await bundleForNode(join(import.meta.dirname, '../../src/fs/node-lock.ts'));
    const copy: { takeNodeLock: typeof takeNodeLock } = await import(first);
    expect(copy.takeNodeLock).not.toBe(takeNodeLock);
    take(directory, { kernelLock: noKernelLock });
    unlinkSync(join(directory, 'lock'));

    expect(() => copy.takeNodeLock(directory, { kernelLock: noKernelLock })).toThrow(
      expect.objectContaining({ code: 'LOCKED' }),
    );
  });

  test('a released lock leaves nothing behind and can be taken again', () => {
    const directory = freshDirectory();

    for (let round = 0; round < 3; round++) {
      const lock = take(directory);
      expect(lock.kind).toBe('kernel');
      lock.release();
      lock.release();
      expect(existsSync(join(directory, 'lock'))).toBe(false);
    }
  });

  test('a directory that is not there gives its own error and no half lock', () => {
    const directory = join(root, 'absent');

    expect(() => take(directory)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    mkdirSync(directory);

    take(directory);
  });

  test('a file that cannot be made leaves no half lock', () => {
    const directory = freshDirectory();
    mkdirSync(join(directory, 'lock'));
    makeStale(directory);

    expect(() => take(directory)).toThrow(expect.objectContaining({ code: expect.any(String) }));
    rmSync(join(directory, 'lock'), { recursive: true });

    take(directory);
  });
});

describe('between processes and workers', () => {
  test('a worker is refused while the main thread holds the lock, and the reverse', async () => {
    const directory = freshDirectory();
    const worker = await workerHolderOf(directory);
    const lock = take(directory);

    expect(await worker.tell('take')).toMatchObject({ kind: 'refused' });
    lock.release();
    expect(await worker.tell('take')).toMatchObject({ kind: 'held', lockKind: 'kernel' });
    expectLocked(() => take(directory));

    await worker.tell('release');
    take(directory);
  });

  test('a terminated worker holds nothing', async () => {
    const directory = freshDirectory();
    const worker = await workerHolderOf(directory);
    await worker.tell('take');

    await worker.kill();

    await vi.waitFor(() => take(directory), { interval: 1 });
  });

  test('another process is refused and told who holds the lock', async () => {
    const directory = freshDirectory();
    const { holder } = take(directory);
    const other = await holderOf(directory);

    const report = await other.tell('take');

    expect(report).toMatchObject({ kind: 'refused', holder });
    expect(report).toMatchObject({ message: expect.stringContaining(`process ${process.pid}`) });
  });

  test('after a kill the lock is free, again and again, far before it is stale', async () => {
    const directory = freshDirectory();

    for (let round = 0; round < 5; round++) {
      const holder = await holderOf(directory);
      expect(await holder.tell('take')).toMatchObject({ kind: 'held' });
      await holder.kill();
      expect(existsSync(join(directory, 'lock'))).toBe(true);

      const start = performance.now();
      take(directory, { staleMs: 1e9 }).release();
      expect(performance.now() - start).toBeLessThan(100);
    }
  });

  test('a suspended holder keeps the lock, however stale its heartbeat', async () => {
    const directory = freshDirectory();
    const holder = await holderOf(directory);
    await holder.tell('take');
    holder.signal('SIGSTOP');
    makeStale(directory);

    expectLocked(() => take(directory));
    expect(existsSync(join(directory, 'lock'))).toBe(true);

    holder.signal('SIGCONT');
    expect(await holder.tell('look')).toEqual({ kind: 'looked', isLost: false });
    await vi.waitFor(() => expectFreshHeartbeat(directory), { timeout: 10_000 });
    expect(await holder.tell('look')).toEqual({ kind: 'looked', isLost: false });
  });

  test('of 50 simultaneous openers exactly one wins, also after the winner is killed', async () => {
    const directory = freshDirectory();
    const openers = await Promise.all(Array.from({ length: 50 }, () => holderOf(directory)));

    for (let round = 0; round < 3; round++) {
      const reports = await Promise.all(openers.map((opener) => opener.tell('take')));
      const winners = reports.filter(({ kind }) => kind === 'held');
      const losers = reports.filter(({ kind }) => kind === 'refused');
      expect([winners.length, losers.length]).toEqual([1, openers.length - 1]);
      expectLocked(() => take(directory));

      const [winner] = openers.splice(
        reports.findIndex(({ kind }) => kind === 'held'),
        1,
      );
      expect(readFileSync(join(directory, 'lock'), 'utf8')).toContain(`"pid":${winner?.pid}`);
      await winner?.kill();
    }
  });

  test('a process ends by itself although it holds the lock', async () => {
    const directory = freshDirectory();
    const bundle = await bundleForNode(join(import.meta.dirname, '../../src/fs/node.ts'));
    const script = `import { NodeFileSystem } from ${JSON.stringify(bundle)};
      new NodeFileSystem(${JSON.stringify(directory)}).lock();`;

    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 20_000,
    });

    expect(status).toBe(0);
    expect(existsSync(join(directory, 'lock'))).toBe(false);
  });
});

function expectFreshHeartbeat(directory: string): void {
  const age = Date.now() - statSync(join(directory, 'lock')).mtimeMs;
  expect(age).toBeLessThan(STALE_MS);
}

describe('where the kernel lock does not reach', () => {
  test('a fresh heartbeat is respected, also by an opener with another kernel lock', () => {
    const directory = freshDirectory();
    leaveRecord(directory, { pid: 1, host: hostname(), domain: 'elsewhere' });

    expectLocked(() => take(directory));
    makeStale(directory);
    take(directory);
  });

  test('the record of a dead holder on another host is respected until it is stale', () => {
    const directory = freshDirectory();
    const domain = domainHere();
    leaveRecord(directory, { pid: 1, host: 'another host', domain });

    expectLocked(() => take(directory));
    makeStale(directory);
    take(directory);
  });

  test.each(['', '{', 'null', '[]', '"', '{"pid":"x","domain":7}', '\0\0\0\0'])(
    'the garbage %j in the record names nobody and is harmless',
    (garbage) => {
      const directory = freshDirectory();
      writeFileSync(join(directory, 'lock'), garbage);

      expect(() => take(directory)).toThrow('in use by another process');
      makeStale(directory);
      take(directory);
    },
  );

  // An opener that was killed between making the lock and writing its record used to delay the
  // next one for as long as a lock takes to go stale.
  test('what an opener that was killed while it took the lock has left delays nobody, and goes', () => {
    const directory = freshDirectory();
    writeFileSync(join(directory, 'lock.0b1c'), '');
    writeFileSync(join(directory, 'lock.77aa'), '{"pid":');

    take(directory);

    expect(readdirSync(directory)).toEqual(['lock']);
  });

  test('the lock file is never there without its record: a kill in between would delay the next', () => {
    const directory = freshDirectory();
    const isThere: boolean[] = [];
    const write = vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      isThere.push(existsSync(join(directory, 'lock')));
      return 1;
    });
    syncBuiltinESMExports();

    take(directory);

    write.mockRestore();
    syncBuiltinESMExports();
    expect(isThere).toEqual([false]);
    expect(existsSync(join(directory, 'lock'))).toBe(true);
  });

  test('without any kernel lock the heartbeat alone excludes', async () => {
    const directory = freshDirectory();
    const holder = await holderOf(directory, 'none');

    expect(await holder.tell('take')).toEqual({ kind: 'held', lockKind: 'advisory' });

    expectLocked(() => take(directory, { kernelLock: noKernelLock }));
    await holder.tell('release');
    expect(take(directory, { kernelLock: noKernelLock }).kind).toBe('advisory');
  });

  test('a suspended holder that was displaced hears of it once and spares its successor', async () => {
    const directory = freshDirectory();
    const holder = await holderOf(directory);
    await holder.tell('take');
    holder.signal('SIGSTOP');
    makeStale(directory);

    take(directory, { kernelLock: foreignKernelLock });
    holder.signal('SIGCONT');

    expect(await holder.report()).toEqual({ kind: 'lost' });
    expect(await holder.tell('look')).toEqual({ kind: 'looked', isLost: true });
    await holder.tell('release');
    expect(readFileSync(join(directory, 'lock'), 'utf8')).toContain(`"pid":${process.pid}`);
  });

  test('a displaced holder that ends does not remove the file of its successor', () => {
    const directory = freshDirectory();
    const displaced = take(directory, { kernelLock: foreignKernelLock });
    unlinkSync(join(directory, 'lock'));
    leaveRecord(directory, { pid: 1 });

    displaced.release();

    expect(existsSync(join(directory, 'lock'))).toBe(true);
  });

  test('a lock file that a cleaner removed is made again', async () => {
    const directory = freshDirectory();
    const lock = take(directory);
    const lost = vi.fn();
    lock.onLost(lost);

    unlinkSync(join(directory, 'lock'));
    expectLocked(() => take(directory));

    await vi.waitFor(() => expect(existsSync(join(directory, 'lock'))).toBe(true), {
      timeout: 10_000,
    });
    expect([lock.isLost, lost.mock.calls.length]).toEqual([false, 0]);
  });

  test('a lock file removed while its holder was suspended is a lost lock', async () => {
    const directory = freshDirectory();
    const lock = take(directory);

    const later = performance.now() + 60_000;
    const now = vi.spyOn(performance, 'now').mockReturnValue(later);
    unlinkSync(join(directory, 'lock'));
    await vi.waitFor(() => expect(lock.isLost).toBe(true), { timeout: 10_000 });
    now.mockRestore();

    expect(existsSync(join(directory, 'lock'))).toBe(false);
  });

  // Work that never gives way to timers went on acknowledging what its successor did not have.
  test('a displaced holder whose timers do not run hears of it when it asks', async () => {
    const directory = freshDirectory();
    const lock = take(directory, { kernelLock: noKernelLock });
    const lost = vi.fn();
    lock.onLost(lost);
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    unlinkSync(join(directory, 'lock'));
    leaveRecord(directory, { pid: 1 });

    expect(lock.isLost).toBe(true);

    now.mockRestore();
    await vi.waitFor(() => expect(lost).toHaveBeenCalledOnce());
  });

  test('a holder that was suspended and not displaced shows itself when it asks', () => {
    const directory = freshDirectory();
    const lock = take(directory, { kernelLock: noKernelLock });
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    makeStale(directory);

    expect(lock.isLost).toBe(false);

    now.mockRestore();
    expectFreshHeartbeat(directory);
  });

  test('a lock file that somebody touched is still that of its holder', async () => {
    const directory = freshDirectory();
    const lock = take(directory, { kernelLock: noKernelLock });

    makeStale(directory);
    await vi.waitFor(() => expectFreshHeartbeat(directory), { timeout: 10_000 });

    expect(lock.isLost).toBe(false);
  });

  test('a lock file removed under a holder without kernel lock is a lost lock', async () => {
    const directory = freshDirectory();
    const lock = take(directory, { kernelLock: noKernelLock });
    const lost = vi.fn();
    lock.onLost(lost);

    unlinkSync(join(directory, 'lock'));
    await vi.waitFor(() => expect(lock.isLost).toBe(true), { timeout: 10_000 });

    expect(lost).toHaveBeenCalledOnce();
    const late = vi.fn();
    lock.onLost(late);
    await vi.waitFor(() => expect(late).toHaveBeenCalledOnce());
  });

  test('openings that exclude nobody do not count as a lock', () => {
    const directory = freshDirectory();

    expect(openExclusively(directory, 0, 'pretended')).toEqual({ kind: 'unavailable' });
    expect(openExclusively(join(directory, 'absent'), 0, 'x')).toEqual({ kind: 'unavailable' });
  });

  test.skipIf(spawnSync('unshare', ['-n', 'true']).status !== 0)(
    'a process in another network namespace is excluded, and takes over only what is stale',
    async () => {
      const directory = freshDirectory();
      const container = await holderOf(directory, 'own', ['unshare', '-n']);
      expect(await container.tell('take')).toEqual({ kind: 'held', lockKind: 'kernel' });

      expectLocked(() => take(directory));
      await container.kill();
      expectLocked(() => take(directory));
      makeStale(directory);

      take(directory);
    },
  );
});

function leaveRecord(directory: string, record: object): void {
  writeFileSync(join(directory, 'lock'), JSON.stringify(record));
}

/** The domain of the kernel lock that this process gets. */
function domainHere(): string {
  const directory = freshDirectory();
  const lock = take(directory);
  const { domain } = JSON.parse(readFileSync(join(directory, 'lock'), 'utf8'));
  lock.release();
  return domain;
}
