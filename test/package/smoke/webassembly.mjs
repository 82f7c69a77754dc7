// Where its WebAssembly did not start, checksums would come from JavaScript, and nobody would notice.
import { equal } from 'node:assert/strict';

const started = [];
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...sources) => {
  const instance = await instantiate(...sources);
  started.push(Object.keys(instance.exports).filter((name) => name.startsWith('Hash_')).length > 0);
  return instance;
};
const { Store } = await import('onewal');
const { MemoryFileSystem } = await import('onewal/memory');
const store = await Store.open(new MemoryFileSystem());
await store.map('m').put('k', 'v');
await store.close();
equal(started.join(), 'true,true');
