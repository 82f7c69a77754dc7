import { markAsUntransferable } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { copyOut, poolCopies } from '../../src/bytes/pool.ts';

const bytesOf = (size: number, from: number) =>
  Uint8Array.from({ length: size }, (_, i) => from + i);

describe('copies for whoever asks', () => {
  test('stand each in a buffer of its own where buffers cannot be kept in place', () => {
    const source = bytesOf(100, 1);

    const copy = copyOut(source);

    expect(copy).toEqual(source);
    expect(copy.buffer.byteLength).toBe(100);
  });

  test('are of any size, and none is another one’s', () => {
    poolCopies(markAsUntransferable);
    const sizes = [0, 1, 64, 65, 100, 1000, 1024, 1025, 9000];

    const copies = Array.from({ length: 400 }, (_, i) => {
      const source = bytesOf(sizes[i % sizes.length] as number, i);
      return { source, copy: copyOut(source) };
    });
    for (const { copy } of copies.slice(0, 200)) copy.fill(0xee);

    for (const { source, copy } of copies.slice(200)) expect(copy).toEqual(source);
    for (const { copy } of copies.slice(0, 200))
      expect(copy.every((byte) => byte === 0xee)).toBe(true);
    const ends = new Map<ArrayBufferLike, number>();
    for (const { copy } of copies) {
      expect(copy.byteOffset).toBeGreaterThanOrEqual(ends.get(copy.buffer) ?? 0);
      ends.set(copy.buffer, copy.byteOffset + copy.length);
    }
  });

  test('go to another thread without taking the others along', () => {
    poolCopies(markAsUntransferable);
    const first = copyOut(bytesOf(100, 1));
    const second = copyOut(bytesOf(100, 7));
    expect(second.buffer).toBe(first.buffer);

    const { port1, port2 } = new MessageChannel();
    try {
      port1.postMessage(first, [first.buffer as ArrayBuffer]);
    } catch (error) {
      // Newer hosts refuse it; older ones make a copy.
      expect((error as Error).name).toBe('DataCloneError');
    }
    port1.close();
    port2.close();

    expect(second).toEqual(bytesOf(100, 7));
    expect(copyOut(bytesOf(100, 9))).toEqual(bytesOf(100, 9));
  });
});
