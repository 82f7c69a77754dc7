/** The entry for hosts without paths, in a process that has loaded no other. */
import { rejects } from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { MemoryFileSystem } from 'onewal/memory';
import { Store, UsageError } from './node_modules/onewal/index.mjs';
import { SimpleDb } from './node_modules/onewal/simple-db.mjs';
import { openStorageBackend } from './node_modules/onewal/storage-backend.mjs';
import { keepsFamiliesApart, keepsWhatIsInserted, readsBackAfterReopening } from './scenario.cjs';

// Every webview has it; Node 18 keeps it behind a flag.
globalThis.crypto ??= webcrypto;

await readsBackAfterReopening(Store, new MemoryFileSystem());
await keepsWhatIsInserted(SimpleDb, new MemoryFileSystem());
await keepsFamiliesApart(openStorageBackend, new MemoryFileSystem());
await rejects(async () => Store.open('a-path'), UsageError);
await rejects(async () => SimpleDb.open('a-path'), UsageError);
