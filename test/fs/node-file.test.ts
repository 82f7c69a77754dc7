import { execFileSync } from 'node:child_process';
import * as nodeFs from 'node:fs';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { errnoError } from '../../src/fs/errno.ts';
import { writeFully } from '../../src/fs/file-system.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof nodeFs>();
  const watched = [
    'closeSync',
    'fdatasync',
    'fdatasyncSync',
    'fsyncSync',
    'openSync',
    'readSync',
    'writeSync',
  ];
  const spies = watched.map((name) => [name, vi.fn(Reflect.get(fs, name))]);
  return { ...fs, ...Object.fromEntries(spies) };
});

const root = realpathSync(mkdtempSync(join(tmpdir(), 'onewal-node-file-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => vi.clearAllMocks());

let count = 0;
function freshFile() {
  count += 1;
  const name = `${count}.wal`;
  return { file: new NodeFileSystem(root).open(name, 'create'), path: join(root, name) };
}

function failNext(
  call: typeof nodeFs.readSync | typeof nodeFs.writeSync,
  code: string,
  times: number,
): void {
  const fail = () => {
    throw errnoError(code, 'injected');
  };
  for (let index = 0; index < times; index++) vi.mocked(call).mockImplementationOnce(fail);
}

test.each(['EINTR', 'EAGAIN'])('an interrupted call is tried again: %s', (code) => {
  const { file, path } = freshFile();

  failNext(nodeFs.writeSync, code, 8);
  writeFully(file, Uint8Array.of(1, 2), 0);
  failNext(nodeFs.readSync, code, 8);
  const target = new Uint8Array(2);

  expect([file.read(target, 0), ...target]).toEqual([2, 1, 2]);
  expect([...readFileSync(path)]).toEqual([1, 2]);
});

test('a call that is interrupted for ever fails', () => {
  const { file } = freshFile();
  failNext(nodeFs.writeSync, 'EINTR', 9);

  expect(() => file.write(Uint8Array.of(1), 0)).toThrow(expect.objectContaining({ code: 'EINTR' }));
});

test('another error is not tried again', () => {
  const { file } = freshFile();
  failNext(nodeFs.writeSync, 'EIO', 1);

  expect(() => file.write(Uint8Array.of(1), 0)).toThrow(expect.objectContaining({ code: 'EIO' }));
  expect(nodeFs.writeSync).toHaveBeenCalledOnce();
});

test('a short read of the system is completed', () => {
  const { file } = freshFile();
  writeFully(file, Uint8Array.of(1, 2, 3), 0);
  vi.mocked(nodeFs.readSync).mockImplementationOnce((_descriptor, target) => {
    new Uint8Array(target.buffer)[0] = 1;
    return 1;
  });

  const target = new Uint8Array(3);

  expect([file.read(target, 0), ...target]).toEqual([3, 1, 2, 3]);
});

test('the two ways to sync have a descriptor each, made before the first write', async () => {
  const { file } = freshFile();
  expect(nodeFs.openSync).toHaveBeenCalledTimes(2);

  await file.sync();
  file.syncNow();

  const [asynchronous] = vi.mocked(nodeFs.fdatasync).mock.calls[0] ?? [];
  const [blocking] = vi.mocked(nodeFs.fdatasyncSync).mock.calls[0] ?? [];
  expect(asynchronous).toBeTypeOf('number');
  expect(blocking).toBeTypeOf('number');
  expect(blocking).not.toBe(asynchronous);
});

test('a failed sync is reported and not tried again', async () => {
  const { file } = freshFile();
  vi.mocked(nodeFs.fdatasyncSync).mockImplementationOnce(() => {
    throw errnoError('EINTR', 'fdatasync');
  });

  expect(() => file.syncNow()).toThrow(expect.objectContaining({ code: 'EINTR' }));
  expect(nodeFs.fdatasyncSync).toHaveBeenCalledOnce();
});

test('no descriptor is closed under a running sync, and all are closed after it', async () => {
  const { file } = freshFile();
  const sync = file.sync();

  file.close();
  expect(nodeFs.closeSync).not.toHaveBeenCalled();
  await sync;

  expect(nodeFs.closeSync).toHaveBeenCalledTimes(2);
});

/** Collects the directories that are synced from now on: each is opened just before. */
function watchDirectorySyncs(): string[] {
  const paths: string[] = [];
  vi.mocked(nodeFs.fsyncSync).mockImplementation(() => {
    paths.push(String(vi.mocked(nodeFs.openSync).mock.lastCall?.[0]));
  });
  return paths;
}

test('a directory is synced with those that were made for it, and later alone', () => {
  const path = join(root, 'deep', 'store');
  const fs = new NodeFileSystem(path);
  fs.open('1.wal', 'create');

  const first = watchDirectorySyncs();
  fs.syncDirectory();
  const second = watchDirectorySyncs();
  fs.syncDirectory();

  expect(first.sort()).toEqual([root, join(root, 'deep'), path]);
  expect(second).toEqual([path]);
});

test('the quarantine is synced when a file in it came or went', () => {
  const path = join(root, 'quarantined');
  const fs = new NodeFileSystem(path);

  fs.open('quarantine/1.wal', 'create');
  const afterCreation = watchDirectorySyncs();
  fs.syncDirectory();
  fs.remove('quarantine/1.wal');
  const afterRemoval = watchDirectorySyncs();
  fs.syncDirectory();

  expect(afterCreation).toContain(join(path, 'quarantine'));
  expect(afterRemoval).toContain(join(path, 'quarantine'));
});

test('a pipe is not even opened', () => {
  const path = join(root, 'pipe');
  execFileSync('mkfifo', [path]);

  expect(() => new NodeFileSystem(root).open('pipe', 'read')).toThrow('not a file');

  expect(nodeFs.openSync).not.toHaveBeenCalled();
});

test('a file whose second descriptor cannot be opened is not left behind', async () => {
  const { openSync } = await vi.importActual<typeof nodeFs>('node:fs');
  const fs = new NodeFileSystem(root);
  const before = fs.list();
  vi.mocked(nodeFs.openSync)
    .mockImplementationOnce(openSync)
    .mockImplementationOnce(() => {
      throw errnoError('EMFILE', 'open');
    });

  expect(() => fs.open('last.wal', 'create')).toThrow(expect.objectContaining({ code: 'EMFILE' }));

  expect(fs.list()).toEqual(before);
  expect(nodeFs.closeSync).toHaveBeenCalledOnce();
});
