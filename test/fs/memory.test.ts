import { describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { testFileSystem } from '../contract/file-system.ts';

describe('the file system in memory', () => {
  testFileSystem({ make: () => new MemoryFileSystem(), host: 'rich' });
});

describe('the file system in memory, as poor as the poorest host', () => {
  testFileSystem({
    make: () => new MemoryFileSystem({ host: 'poor' }),
    host: 'poor',
    fileCountMax: 24,
  });
});

test('the pool of files can be smaller', async () => {
  const fs = new MemoryFileSystem({ host: 'poor', fileCountMax: 1 });
  await fs.open('1.wal', 'create');

  await expect(fs.open('2.wal', 'create')).rejects.toMatchObject({ code: 'ENOSPC' });
});

test.each(['rich', 'poor'] as const)(
  'a %s host leaves no hole and grows no file by a cut',
  async (host) => {
    const file = await new MemoryFileSystem({ host }).open('1.wal', 'create');

    expect(() => file.write(Uint8Array.of(1), 1)).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
    expect(() => file.truncate(1)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(file.size()).toBe(0);
  },
);

test('two instances share nothing', () => {
  const left = new MemoryFileSystem();
  const right = new MemoryFileSystem();

  left.open('1.wal', 'create');
  left.lock();

  expect(right.list()).toEqual([]);
  expect(() => right.lock()).not.toThrow();
});
