/** A fault of the append-only file of Redis and Valkey. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { newestFile } from '../facade/simple-db-support.ts';
import { useSeededHost } from '../support/seeded.ts';
import { make, openedContent } from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(49));

// redis/redis 5177, valkey-io/valkey 1148. A power cut left zeros behind the last command; only a
// file that ended too early was forgiven, so the server did not start.
test('Redis 5177: zeros behind the last commit are no damage, however many', async () => {
  for (const end of ['killed', 'closed'] as const) {
    const { disk, content } = await make(new SimulatedDisk(), end);
    const wal = newestFile(disk, '.wal');
    const bytes = disk.readFile(wal);
    for (const size of [1, 7, 8, 12, 511, 512, 4096, 70_000]) {
      const padded = disk.clone();
      const grown = new Uint8Array(bytes.length + size);
      grown.set(bytes);
      padded.writeFile(wal, grown);

      const strict = await Store.open(padded.clone(), { recovery: 'strict' });
      expect(strict.info.recovery.wal, `${size} zeros, ${end}`).toBe('clean');
      await strict.close();

      expect(await openedContent(padded), `${size} zeros, ${end}`).toBe(content);
    }
  }
});
