/** What the Level entry must be able to do, whichever way and on whichever Node it was loaded. */
const assert = require('node:assert/strict');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = { isLevelDatabase };

/** `AbstractLevel` is the one that the app itself loads: there must be no other. */
async function isLevelDatabase({ OnewalLevel, AbstractLevel, Store }) {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-smoke-level-'));
  try {
    const db = new OnewalLevel(join(directory, 'db'), { valueEncoding: 'json' });
    assert.ok(db instanceof AbstractLevel);
    await db.sublevel('users', { valueEncoding: 'json' }).put('alice', { age: 5 });
    await db.close();

    await db.open();
    assert.ok(db.store instanceof Store);
    assert.deepEqual(await db.iterator().all(), [['!users!alice', { age: 5 }]]);
    await db.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
