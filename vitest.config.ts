import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/support/long-first.ts';

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

// The examples in README.md and docs/ import the package by its name and run against the sources.
const alias = [
  { find: /^onewal\/node$/, replacement: source('fs/node.ts') },
  { find: /^onewal\/memory$/, replacement: source('fs/memory.ts') },
  { find: /^onewal\/opfs$/, replacement: source('fs/opfs.ts') },
  { find: /^onewal\/indexed-db$/, replacement: source('fs/indexed-db.ts') },
  { find: /^onewal\/cordova$/, replacement: source('fs/cordova.ts') },
  { find: /^onewal\/browser$/, replacement: source('browser/open-best.ts') },
  { find: /^onewal\/level$/, replacement: source('facade/level-node.ts') },
  { find: /^onewal\/testing$/, replacement: source('testing/index.ts') },
  { find: /^onewal\/remote$/, replacement: source('remote/index.ts') },
  { find: /^onewal\/inspect$/, replacement: source('inspect/index.ts') },
  { find: /^onewal\/simple-db$/, replacement: source('facade/simple-db-node.ts') },
  { find: /^onewal\/storage-backend$/, replacement: source('facade/storage-backend-node.ts') },
  { find: /^onewal\/kvstore$/, replacement: source('facade/kvstore.ts') },
  { find: /^onewal$/, replacement: source('index-node.ts') },
];

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: '100%',
    sequence: { sequencer: LongFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
