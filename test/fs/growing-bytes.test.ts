import { expect, test } from 'vitest';
import { GrowingBytes } from '../../src/fs/growing-bytes.ts';

const contentOf = (bytes: GrowingBytes) => [...bytes.view()];

test('what was cut does not come back when the end grows with zeros', () => {
  const bytes = new GrowingBytes(Uint8Array.of(1, 2, 3));

  bytes.truncate(1);
  bytes.extend(3);

  expect(contentOf(bytes)).toEqual([1, 0, 0]);
});

test('a fork keeps its content when the original changes in place', () => {
  const original = new GrowingBytes(Uint8Array.of(1, 2));
  const fork = original.fork();

  original.write(Uint8Array.of(9), 0);

  expect([contentOf(original), contentOf(fork)]).toEqual([
    [9, 2],
    [1, 2],
  ]);
});

test('the original keeps its content when a fork changes in place', () => {
  const original = new GrowingBytes(Uint8Array.of(1, 2));
  const fork = original.fork();

  fork.write(Uint8Array.of(9), 0);

  expect([contentOf(original), contentOf(fork)]).toEqual([
    [1, 2],
    [9, 2],
  ]);
});

test('a fork that was cut shows nothing that its original writes later', () => {
  const original = new GrowingBytes(Uint8Array.of(1, 2));
  const fork = original.fork();

  fork.truncate(1);
  original.write(Uint8Array.of(3), 2);
  fork.write(Uint8Array.of(9), 1);

  expect([contentOf(original), contentOf(fork)]).toEqual([
    [1, 2, 3],
    [1, 9],
  ]);
});

test('a read gives what there is', () => {
  const bytes = new GrowingBytes(Uint8Array.of(1, 2, 3));
  const target = new Uint8Array(2);

  expect([bytes.read(target, 2), ...target]).toEqual([1, 3, 0]);
  expect([bytes.read(target, 3), bytes.read(target, 9)]).toEqual([0, 0]);
});
