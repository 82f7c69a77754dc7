/** In a process of its own: how long it takes to import the package, and then to read from a store. */
const start = performance.now();
const { Store } = await import('onewal');
const imported = performance.now();
const store = await Store.open(process.argv[2]);
store.map('balances').get('alice');
const read = performance.now();
await store.close();
console.log(JSON.stringify({ importing: imported - start, reading: read - imported }));
