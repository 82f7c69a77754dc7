/** How the writes of a commit come to be from what a caller asked for. */
import { expect, test } from 'vitest';
import { binaryKey, binaryValue } from '../../src/codec/binary.ts';
import { COMMIT_SIZE_MAX, KEY_SIZE_MAX } from '../../src/store/limits.ts';
import type { Range } from '../../src/store/range.ts';
import { WriteEncoder } from '../../src/store/write-encoder.ts';

test('a clear that chooses keys one by one ends with the first that makes it too large for a commit', () => {
  const encoder = new WriteEncoder({ name: 'm', key: asItIs(binaryKey), value: binaryValue });
  const keyCountMax = Math.floor(COMMIT_SIZE_MAX / (KEY_SIZE_MAX + 32));
  const key = new Uint8Array(KEY_SIZE_MAX);
  let given = 0;
  const keys = function* () {
    while (given++ <= keyCountMax) yield key;
    throw new Error('it went on');
  };
  const reads = { getKeys: () => keys() as unknown as Range<Uint8Array> };

  const clear = () => encoder.clear({ offset: 1 }, reads);

  expect(clear).toThrow(expect.objectContaining({ code: 'LIMIT', committed: 'no' }));
  expect(given).toBe(keyCountMax + 1);
});

/** Without a copy of each key, of which the test needs only one. */
function asItIs(codec: typeof binaryKey): typeof binaryKey {
  return { ...codec, encode: (bytes) => bytes };
}
