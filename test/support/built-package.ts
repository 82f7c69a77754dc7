/** The built package, for tests of programs that import it by its name: made if there is none. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lock } from 'proper-lockfile';
import { beforeAll } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What a build writes last. */
const LAST_FILE = join(ROOT, 'dist/LICENSE');
const BUILD_MS_MAX = 300_000;

/** One file of tests builds; those beside it wait until all of the package is there. */
export function useBuiltPackage(): void {
  beforeAll(async () => {
    const release = await lock(ROOT, {
      lockfilePath: join(ROOT, 'node_modules/.onewal-build.lock'),
      retries: { forever: true, minTimeout: 100, maxTimeout: 500, maxRetryTime: BUILD_MS_MAX },
    });
    try {
      if (existsSync(LAST_FILE)) return;
      await promisify(execFile)('npm', ['run', 'build', '--silent'], { cwd: ROOT });
    } finally {
      await release();
    }
  }, BUILD_MS_MAX);
}
