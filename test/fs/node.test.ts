import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { NodeFileSystem } from '../../src/fs/node.ts';
import { testFileSystem } from '../contract/file-system.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'onewal-node-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const freshPath = () => {
  count += 1;
  return join(root, `store ${count}`);
};

describe('the file system of Node', () => {
  testFileSystem({
    make: () => new NodeFileSystem(freshPath()),
    host: 'rich',
    preallocates: true,
  });
});

test.each(['a b', '中文', 'é', 'e\u0301', '🙂', 'x'.repeat(200)])(
  'a store lives in a directory named %j',
  async (name) => {
    const path = join(root, 'names', name);
    const fs = new NodeFileSystem(path);

    const lock = fs.lock();
    fs.open('1.wal', 'create').write(Uint8Array.of(1), 0);
    fs.syncDirectory();
    lock.release();

    expect(readdirSync(path)).toEqual(['1.wal']);
    expect(fs.facts).toMatchObject({ location: realpathSync(path), durability: 'media' });
  },
);

// A checkpoint made it again, with half of the files: what it held could never be opened.
test('a directory that is removed under its owner does not come back', () => {
  const path = freshPath();
  const fs = new NodeFileSystem(path);
  const lock = fs.lock();
  rmSync(path, { recursive: true });

  expect(() => fs.open('1.wal', 'create')).toThrow(expect.objectContaining({ code: 'ENOENT' }));

  expect(existsSync(path)).toBe(false);
  lock.release();
});

test('only the user can read what is made', () => {
  const path = join(freshPath(), 'deep', 'store');
  const fs = new NodeFileSystem(path);

  const lock = fs.lock();
  fs.open('1.wal', 'create');
  fs.open('quarantine/1.wal', 'create');

  const modeOf = (name: string) => statSync(join(path, name)).mode & 0o777;
  expect(['', '..', 'quarantine'].map(modeOf)).toEqual([0o700, 0o700, 0o700]);
  expect(['1.wal', 'quarantine/1.wal', 'lock'].map(modeOf)).toEqual([0o600, 0o600, 0o600]);
  lock.release();
});

test('the kind of lock is a fact once it is taken', () => {
  const fs = new NodeFileSystem(freshPath());
  expect(fs.facts.lock).toBe('advisory');

  const lock = fs.lock();

  expect(fs.facts.lock).toBe('kernel');
  lock.release();
});

test('a relative path is resolved once, when the file system is made', () => {
  const path = freshPath();
  const before = process.cwd();
  const fs = new NodeFileSystem(relative(before, path));

  process.chdir(root);
  try {
    fs.open('1.wal', 'create');
  } finally {
    process.chdir(before);
  }

  expect(existsSync(join(path, '1.wal'))).toBe(true);
});

test('a linked directory is followed, once', () => {
  const target = freshPath();
  const link = freshPath();
  mkdirSync(target);
  symlinkSync(target, link);
  const fs = new NodeFileSystem(link);

  fs.open('1.wal', 'create');
  rmSync(link);
  symlinkSync(root, link);
  fs.open('2.wal', 'create');

  expect(readdirSync(target).sort()).toEqual(['1.wal', '2.wal']);
  expect(fs.facts.location).toBe(target);
});

test('a link in place of a data file is listed, refused, and its target untouched', () => {
  const path = freshPath();
  const target = join(root, 'target');
  mkdirSync(path);
  writeFileSync(target, 'precious');
  symlinkSync(target, join(path, '1.wal'));
  symlinkSync(join(root, 'nowhere'), join(path, '2.wal'));
  const fs = new NodeFileSystem(path);

  expect(fs.list().sort()).toEqual(['1.wal', '2.wal']);
  expect(() => fs.open('1.wal', 'read')).toThrow(expect.objectContaining({ code: 'ELOOP' }));
  expect(() => fs.open('2.wal', 'read')).toThrow(expect.objectContaining({ code: 'ELOOP' }));
  expect(() => fs.open('1.wal', 'create')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  expect(() => fs.open('2.wal', 'create')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  fs.remove('1.wal');
  expect(readFileSync(target, 'utf8')).toBe('precious');
  expect(existsSync(join(root, 'nowhere'))).toBe(false);
});

test('a linked quarantine is refused', () => {
  const path = freshPath();
  const target = freshPath();
  mkdirSync(path);
  mkdirSync(target);
  symlinkSync(target, join(path, 'quarantine'));
  const fs = new NodeFileSystem(path);

  expect(() => fs.open('quarantine/1.wal', 'create')).toThrow(
    expect.objectContaining({ code: 'ELOOP' }),
  );
  expect(readdirSync(target)).toEqual([]);
});

test('directories, pipes and devices are neither listed nor opened', () => {
  const path = freshPath();
  mkdirSync(join(path, '1.wal'), { recursive: true });
  execFileSync('mkfifo', [join(path, '2.wal')]);
  const fs = new NodeFileSystem(path);

  expect(fs.list()).toEqual([]);
  for (const name of ['1.wal', '2.wal']) {
    expect(() => fs.open(name, 'read')).toThrow(expect.objectContaining({ code: 'EPERM' }));
  }
  expect(() => new NodeFileSystem('/dev').open('zero', 'read')).toThrow(
    expect.objectContaining({ code: 'EPERM' }),
  );
});

test('a name that leaves the directory is our own mistake', () => {
  const fs = new NodeFileSystem(freshPath());

  for (const name of ['../1.wal', '..', '.', '', 'a/b', 'quarantine/../1.wal', 'quarantine/..']) {
    expect(() => fs.open(name, 'create'), name).toThrow('broken invariant');
  }
});

test('a path that is a file is refused', () => {
  const path = freshPath();
  writeFileSync(path, 'not a directory');
  const fs = new NodeFileSystem(path);

  expect(() => fs.lock()).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  expect(() => fs.list()).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  expect(lstatSync(path).isFile()).toBe(true);
});

test.skipIf(process.getuid?.() === 0)('missing permission is an error, not an absence', () => {
  const path = freshPath();
  mkdirSync(path);
  chmodSync(path, 0);

  expect(() => new NodeFileSystem(path).list()).toThrow(
    expect.objectContaining({ code: 'EACCES' }),
  );
});
