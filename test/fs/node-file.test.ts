import * as nodeFs from 'node:fs';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { errnoError } from '../../src/fs/errno.ts';
import { writeFully } from '../../src/fs/file-system.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof nodeFs>();
  const watched = ['closeSync', 'fdatasync', 'fdatasyncSync', 'openSync', 'readSync', 'writeSync'];
  const spies = watched.map((name) => [name, vi.fn(Reflect.get(fs, name))]);
  return { ...fs, ...Object.fromEntries(spies) };
});

const root = mkdtempSync(join(tmpdir(), 'onewal-node-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => vi.clearAllMocks());

let count = 0;
function freshFile() {
  count += 1;
  const name = `${count}.wal`;
  return { file: new NodeFileSystem(root).open(name, 'create'), path: join(root, name) };
}

function failNext(call: 'readSync' | 'writeSync' | 'openSync', code: string, times: number): void {
  for (let index = 0; index < times; index++) {
    vi.mocked(nodeFs[call]).mockImplementationOnce(() => {
      throw errnoError(code, call);
    });
  }
}

test.each(['EINTR', 'EAGAIN'])('an interrupted call is tried again: %s', (code) => {
  const { file, path } = freshFile();

  failNext('writeSync', code, 8);
  writeFully(file, Uint8Array.of(1, 2), 0);
  failNext('readSync', code, 8);
  const target = new Uint8Array(2);

  expect([file.read(target, 0), ...target]).toEqual([2, 1, 2]);
  expect([...readFileSync(path)]).toEqual([1, 2]);
});

test('a call that is interrupted for ever fails', () => {
  const { file } = freshFile();
  failNext('writeSync', 'EINTR', 9);

  expect(() => file.write(Uint8Array.of(1), 0)).toThrow(expect.objectContaining({ code: 'EINTR' }));
});

test('another error is not tried again', () => {
  const { file } = freshFile();
  failNext('writeSync', 'EIO', 1);

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

test('a file whose second descriptor cannot be opened is not left behind', () => {
  const fs = new NodeFileSystem(root);
  const before = fs.list();
  const { openSync } = nodeFs;
  vi.mocked(openSync)
    .mockImplementationOnce(openSync.bind(undefined))
    .mockImplementationOnce(() => {
      throw errnoError('EMFILE', 'open');
    });

  expect(() => fs.open('last.wal', 'create')).toThrow(expect.objectContaining({ code: 'EMFILE' }));

  expect(fs.list()).toEqual(before);
  expect(nodeFs.closeSync).toHaveBeenCalledOnce();
});
