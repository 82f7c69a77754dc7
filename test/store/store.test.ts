import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { storeContract } from '../contract/store.ts';
import '../../src/index-node.ts';

const root = mkdtempSync(join(tmpdir(), 'onewal-store-'));
let count = 0;

beforeAll(() => checksumReady);
afterAll(() => rmSync(root, { recursive: true }));

storeContract({ name: 'memory', make: () => new MemoryFileSystem(), canBlock: true });
storeContract({
  name: 'the poorest host',
  make: () => new MemoryFileSystem({ host: 'poor', fileCountMax: 24 }),
  canBlock: false,
});
storeContract({ name: 'the simulated disk', make: () => new SimulatedDisk(), canBlock: true });
storeContract({
  name: 'a directory with a name in any script',
  make: () => new NodeFileSystem(join(root, `${count++} 中文 é 😀`)),
  canBlock: true,
});
