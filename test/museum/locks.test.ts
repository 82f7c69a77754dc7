/** Faults of lock files, and of stores without a lock: with processes of their own. */
import { mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { Store } from '../../src/index-node.ts';
import { Owner } from './owner.ts';

const root = mkdtempSync(join(tmpdir(), 'onewal-museum-'));
const owners: Owner[] = [];

afterEach(() => Promise.all(owners.splice(0).map((owner) => owner.kill())));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
const freshDirectory = () => join(root, `store ${++directories}`);

async function ownerOf(directory: string): Promise<Owner> {
  const owner = await Owner.start(directory);
  owners.push(owner);
  return owner;
}

/** A kernel lock is what Linux always has here; elsewhere its kind depends on the system. */
const testOnLinux = test.skipIf(process.platform !== 'linux');

// moxystudio/node-proper-lockfile 121, ipfs/js-ipfs-repo 188. Two openers saw one stale lock, and
// the slower removed what the faster had just made; and a laptop that slept lost its lock.
testOnLinux(
  'proper-lockfile 121: a stale heartbeat gives nobody a lock whose owner lives, suspended or not',
  async () => {
    const directory = freshDirectory();
    const owner = await ownerOf(directory);
    expect(await owner.tell({ kind: 'open' })).toMatchObject({ kind: 'open' });
    owner.signal('SIGSTOP');
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(join(directory, 'lock'), longAgo, longAgo);

    const others = await Promise.all(Array.from({ length: 6 }, () => ownerOf(directory)));
    const answers = await Promise.all(others.map((other) => other.tell({ kind: 'open' })));

    expect(answers).toEqual(others.map(() => ({ kind: 'refused', code: 'LOCKED' })));
    owner.signal('SIGCONT');
    expect(await owner.tell({ kind: 'put', key: 'mine' })).toEqual({ kind: 'done' });
  },
);

// electric-sql/pglite 1106. Two processes opened one directory, both wrote, and then nobody could
// open it.
testOnLinux(
  'PGlite 1106: a second process is refused, and has everything as soon as the first is killed',
  async () => {
    const directory = freshDirectory();
    const [first, second] = [await ownerOf(directory), await ownerOf(directory)];
    await first.tell({ kind: 'open' });
    await first.tell({ kind: 'put', key: 'of the first' });

    expect(await second.tell({ kind: 'open' })).toEqual({ kind: 'refused', code: 'LOCKED' });
    await first.kill();

    expect(await second.tell({ kind: 'open' })).toEqual({ kind: 'open', keys: ['of the first'] });
  },
);

// laurent22/joplin 16410. An instance that was refused removed the lock file of the one that ran on
// its way out, and the next one was let in.
test('Joplin 16410: whoever is refused takes nothing along that belongs to the owner', async () => {
  const directory = freshDirectory();
  const store = await Store.open(directory);
  const before = readFileSync(join(directory, 'lock'), 'utf8');

  for (let n = 0; n < 3; n++) {
    const other = await ownerOf(directory);
    expect(await other.tell({ kind: 'open' })).toEqual({ kind: 'refused', code: 'LOCKED' });
    await other.kill();
    await expect(Store.open(directory)).rejects.toMatchObject({ code: 'LOCKED' });
  }

  expect(readFileSync(join(directory, 'lock'), 'utf8')).toBe(before);
  await store.close();
});
