/** The entry for hosts without paths, in a process that has loaded no other. */
import { rejects } from 'node:assert/strict';
import { MemoryFileSystem } from 'onewal/memory';
import { Store, UsageError } from './node_modules/onewal/index.mjs';
import { readsBackAfterReopening } from './scenario.cjs';

await readsBackAfterReopening(Store, new MemoryFileSystem());
await rejects(async () => Store.open('a-path'), UsageError);
