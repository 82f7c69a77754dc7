/** What an entry of the package tells the core about its host: how to open a path, where chance is. */
import { UsageError } from '../errors.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { DEFAULT_ENVIRONMENT, type Environment } from './environment.ts';

interface Host {
  /** The files at a path; undefined where the host has no paths. */
  readonly fileSystemAt: ((path: string) => FileSystem) | undefined;
  readonly environment: Environment;
}

let host: Host = { fileSystemAt: undefined, environment: DEFAULT_ENVIRONMENT };

/** Called once, when the entry for a host is loaded. */
export function setHost(changes: {
  readonly fileSystemAt?: (path: string) => FileSystem;
  readonly environment?: Partial<Environment>;
}): void {
  host = {
    fileSystemAt: changes.fileSystemAt ?? host.fileSystemAt,
    environment: { ...host.environment, ...changes.environment },
  };
}

export function hostEnvironment(): Environment {
  return host.environment;
}

/** Throws INVALID_ARGUMENT. */
export function resolveLocation(location: string | FileSystem): FileSystem {
  if (typeof location === 'object' && location !== null && 'syncDirectory' in location) {
    return location;
  }
  if (typeof location !== 'string' || location === '') {
    throw new UsageError(
      'INVALID_ARGUMENT',
      `a store is at a directory path or in a FileSystem, not in ${String(location)}`,
    );
  }
  if (host.fileSystemAt !== undefined) return host.fileSystemAt(location);
  throw new UsageError(
    'INVALID_ARGUMENT',
    'this host has no paths: give Store.open a FileSystem, such as that of onewal/memory',
  );
}
