/** What an application does in a webview; resolves to what it has seen. */
module.exports = async function runScenario({ Store, MemoryFileSystem, SimpleDb }) {
  const files = new MemoryFileSystem();
  const store = await Store.open(files);
  const balances = store.map('balances');
  await balances.put('alice', { amount: 100n, bytes: Uint8Array.of(1, 2) });
  await store.transaction((transaction) => {
    const { amount, bytes } = transaction.map(balances).get('alice');
    transaction.map(balances).put('alice', { amount: amount - 5n, bytes });
    transaction.map(store.map('state')).put('count', 7);
  });
  await store.checkpoint();
  await store.close();

  const reopened = await Store.open(files);
  const { amount, bytes } = reopened.map('balances').get('alice');
  const count = reopened.map('state').get('count');
  await reopened.close();

  const db = await SimpleDb.open(new MemoryFileSystem());
  await db.tryInsert('key', Uint8Array.of(3));
  const inserted = db.get('key');
  await db.close();
  const refusal = await Store.open('a-path').catch((error) => error);
  return {
    amount: String(amount),
    bytes: [...bytes],
    count,
    inserted: [...inserted],
    refusal: refusal.code,
  };
};
