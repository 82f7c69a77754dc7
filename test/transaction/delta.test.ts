import { expect, test } from 'vitest';
import { Delta } from '../../src/transaction/delta.ts';

const target = { name: 'm', keyEncoding: 'binary', valueEncoding: 'binary' };
const LARGE = new Uint8Array(32 << 20);

function put(key: number): Parameters<Delta['add']>[0] {
  return { type: 'put', target, key: Uint8Array.of(key), value: LARGE };
}

test('a delta counts what it would log: not what was written over, cleared or rolled back', () => {
  const delta = new Delta();
  for (let n = 0; n < 9; n++) delta.add(put(1));
  for (let n = 2; n < 7; n++) delta.add(put(n));
  const fork = delta.fork();
  delta.add(put(7));

  expect(() => delta.add(put(8))).toThrow(expect.objectContaining({ code: 'LIMIT' }));
  expect([...delta.entriesOf('m')]).toHaveLength(7);
  fork.add({ type: 'clear', target, start: Uint8Array.of(2), end: undefined });
  for (let n = 10; n < 16; n++) fork.add(put(n));
  expect([...fork.entriesOf('m')]).toHaveLength(7);
});

test('a delta knows of every range that was cleared, also of those cleared after it was asked', () => {
  const delta = new Delta();
  delta.add({ type: 'clear', target, start: undefined, end: Uint8Array.of(3) });
  expect([delta.hasKey('m', Uint8Array.of(2)), delta.hasKey('m', Uint8Array.of(9))]).toEqual([
    true,
    false,
  ]);
  delta.add({ type: 'clear', target, start: Uint8Array.of(8), end: undefined });

  expect(delta.hasKey('m', Uint8Array.of(9))).toBe(true);
});
