/**
 * Locks on a directory that the kernel owns: they end with their holder, however it ends, and they
 * last while it is suspended. Without native code each system offers another one, and some
 * runtimes only pretend, so that every kind is tried for real before it is trusted.
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { errnoOf } from './errno.ts';

export interface KernelLock {
  /**
   * Where the lock excludes. Who holds a lock of the same domain on the same host knows that every
   * former holder is gone; of a holder in another domain the kernel says nothing.
   */
  readonly domain: string;
  /** Safe to call twice. */
  release(): void;
}

export type KernelLockAttempt =
  | { readonly kind: 'held'; readonly lock: KernelLock }
  | { readonly kind: 'taken' }
  | { readonly kind: 'unavailable' };

const UNAVAILABLE: KernelLockAttempt = { kind: 'unavailable' };
const TAKEN: KernelLockAttempt = { kind: 'taken' };

/** `identity` names the directory whatever path leads to it. */
export function takeKernelLock(directory: string, identity: string): KernelLockAttempt {
  switch (process.platform) {
    case 'linux':
    case 'android':
      return firstAvailable(
        () => takeAbstractSocket(socketName(identity)),
        () => takeFlock(directory),
      );
    case 'darwin':
      return openExclusively(directory, DARWIN_EXCLUSIVE_FLAGS, 'exlock');
    case 'win32':
      return openExclusively(join(directory, 'lock.open'), WINDOWS_EXCLUSIVE_FLAGS, 'share');
    default:
      return UNAVAILABLE;
  }
}

function firstAvailable(...attempts: readonly (() => KernelLockAttempt)[]): KernelLockAttempt {
  for (const attempt of attempts) {
    const result = attempt();
    if (result.kind !== 'unavailable') return result;
  }
  return UNAVAILABLE;
}

// --- Linux: a socket in the abstract namespace, which no file system cleaner can remove ---

/**
 * Exactly as long as the address can be: older versions of Node fill shorter names up with NULs
 * and newer ones do not, so that a shorter name would be another name to each of them.
 */
const SOCKET_NAME_LENGTH = 107;

function socketName(identity: string): string {
  const digest = createHash('sha512').update(identity).digest('hex');
  return `\0${`onewal-${digest}`.slice(0, SOCKET_NAME_LENGTH)}`;
}

function takeAbstractSocket(name: string): KernelLockAttempt {
  const server = listen(name);
  if (!areAbstractNamesExclusive()) {
    server?.close();
    return UNAVAILABLE;
  }
  if (server === undefined) return isListeningPossible() ? TAKEN : UNAVAILABLE;
  return { kind: 'held', lock: { domain: networkNamespace(), release: () => server.close() } };
}

/** The name is bound when this returns a server: Node binds within `listen`. */
function listen(name: string): Server | undefined {
  const server = createServer((connection) => connection.destroy());
  // The reason of a failure arrives later, as an event, when the answer has long been given.
  server.on('error', () => undefined);
  try {
    // `exclusive`: in a cluster, the worker itself must own the name, not the primary for all.
    server.listen({ path: name, exclusive: true });
  } catch {
    return undefined;
  }
  if (!server.listening) return undefined;
  server.unref();
  return server;
}

let areExclusive: boolean | undefined;

/**
 * Node 18 binds every abstract name as the empty one and other runtimes make a file of it: so one
 * name must exclude itself, and must not exclude another.
 */
function areAbstractNamesExclusive(): boolean {
  areExclusive ??= probeAbstractNames();
  return areExclusive;
}

function probeAbstractNames(): boolean {
  const name = socketName(randomUUID());
  const first = listen(name);
  const second = listen(name);
  const other = listen(socketName(randomUUID()));
  for (const server of [first, second, other]) server?.close();
  return first !== undefined && second === undefined && other !== undefined;
}

/** Tells a name that is taken from a process that can bind no name at all (EMFILE, a sandbox). */
function isListeningPossible(): boolean {
  const server = listen(socketName(randomUUID()));
  server?.close();
  return server !== undefined;
}

/** Abstract names are per network namespace: another container has others. */
function networkNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/net');
  } catch {
    // Unreadable: a domain that nobody shares makes no statement about former holders.
    return `net:unknown-${randomUUID()}`;
  }
}

// --- Linux without abstract names: flock(2) on the directory ---

/**
 * Node has no flock, but flock(1) locks a descriptor that it inherits, and such a lock belongs to
 * the open directory, which stays open here when flock(1) has ended.
 */
function takeFlock(directory: string): KernelLockAttempt {
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  const inherited = ['ignore', 'ignore', 'ignore', descriptor] as const;
  const { status } = spawnSync('flock', ['-x', '-n', '3'], { stdio: [...inherited] });
  if (status === 0) return { kind: 'held', lock: openDescriptor(descriptor, 'flock') };
  closeSync(descriptor);
  return status === 1 ? TAKEN : UNAVAILABLE;
}

// --- macOS and Windows: an open that excludes others ---

/** O_EXLOCK and O_NONBLOCK, which Node does not name. */
const DARWIN_EXCLUSIVE_FLAGS = constants.O_RDONLY | 0x20 | 0x4;
/** UV_FS_O_EXLOCK: share mode 0. */
const WINDOWS_EXCLUSIVE_FLAGS = constants.O_RDWR | constants.O_CREAT | 0x10000000;
const TAKEN_CODES = new Set(['EAGAIN', 'EWOULDBLOCK', 'EBUSY']);

/** Exported for the tests: flags that exclude nobody must not count as a lock. */
export function openExclusively(path: string, flags: number, domain: string): KernelLockAttempt {
  const first = tryOpen(path, flags);
  if (typeof first === 'string') return TAKEN_CODES.has(first) ? TAKEN : UNAVAILABLE;
  const second = tryOpen(path, flags);
  if (typeof second === 'number') {
    closeSync(second);
    closeSync(first);
    return UNAVAILABLE;
  }
  return { kind: 'held', lock: openDescriptor(first, domain) };
}

function tryOpen(path: string, flags: number): number | string {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    return errnoOf(error) ?? 'unknown';
  }
}

function openDescriptor(descriptor: number, domain: string): KernelLock {
  let isOpen = true;
  return {
    domain,
    release() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}
