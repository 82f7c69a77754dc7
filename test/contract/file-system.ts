/** What src/fs/file-system.ts asks of every host, run for each of them. */
import { expect, test } from 'vitest';
import { compareBytes } from '../../src/bytes/bytes.ts';
import { LockedError } from '../../src/errors.ts';
import { type File, type FileSystem, readFully, writeFully } from '../../src/fs/file-system.ts';

export interface FileSystemSubject {
  /** A file system over an empty directory, which may be absent. */
  readonly make: () => FileSystem;
  readonly host: 'rich' | 'poor';
  /** Zeros may stand ready behind what is written. */
  readonly preallocates?: boolean;
  /** Where the host has no more files than that. */
  readonly fileCountMax?: number;
}

export function testFileSystem(subject: FileSystemSubject): void {
  testFiles(subject);
  testContent(subject);
  testPreallocation(subject);
  testSync(subject);
  testLock(subject);
  if (subject.host === 'poor') testPoorHost(subject);
  if (subject.fileCountMax !== undefined) testPool(subject, subject.fileCountMax);
}

const bytes = (...values: number[]) => Uint8Array.from(values);

async function createWith(fs: FileSystem, name: string, content: Uint8Array): Promise<File> {
  const file = await fs.open(name, 'create');
  writeFully(file, content, file.size());
  return file;
}

const codeOf = async (work: () => unknown) => {
  try {
    await work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'no error';
};

function testFiles({ make }: FileSystemSubject): void {
  test('an absent directory has no files, and none can be read', async () => {
    const fs = make();

    expect(await fs.list()).toEqual([]);
    expect(await codeOf(() => fs.open('1.wal', 'read'))).toBe('ENOENT');
  });

  test('a created file is empty, listed, and can be opened again', async () => {
    const fs = make();

    const file = await fs.open('1.wal', 'create');

    expect(file.size()).toBe(0);
    expect(await fs.list()).toEqual(['1.wal']);
    expect((await fs.open('1.wal', 'read')).size()).toBe(0);
  });

  test('creating a file that exists is refused and leaves it as it is', async () => {
    const fs = make();
    const file = await createWith(fs, '1.wal', bytes(1, 2));

    expect(await codeOf(() => fs.open('1.wal', 'create'))).toBe('EEXIST');
    expect(readFully(file, 0, 2)).toEqual(bytes(1, 2));
  });

  test('quarantined files are listed with their directory', async () => {
    const fs = make();

    await createWith(fs, 'quarantine/1.wal', bytes(7));
    await fs.open('1.wal', 'create');

    expect((await fs.list()).sort()).toEqual(['1.wal', 'quarantine/1.wal']);
    expect(readFully(await fs.open('quarantine/1.wal', 'read'), 0, 1)).toEqual(bytes(7));
  });

  test('removing a file that is not there is fine', async () => {
    const fs = make();

    await fs.remove('1.wal');
    await fs.remove('quarantine/1.wal');

    expect(await fs.list()).toEqual([]);
  });

  test('a removed file stays readable where it is open, and its name is free', async () => {
    const fs = make();
    const removed = await createWith(fs, '1.wal', bytes(1, 2, 3));

    await fs.remove('1.wal');
    const later = await createWith(fs, '1.wal', bytes(9));

    expect(readFully(removed, 0, 3)).toEqual(bytes(1, 2, 3));
    expect(readFully(later, 0, 1)).toEqual(bytes(9));
    expect(await fs.list()).toEqual(['1.wal']);
  });

  test('free space is a number of bytes where the host can say', async () => {
    const fs = make();
    await fs.open('1.wal', 'create');

    expect((await fs.free()) ?? 0).toBeGreaterThanOrEqual(0);
  });
}

function testContent({ make }: FileSystemSubject): void {
  test('what was written is read back at every offset, short only at the end', async () => {
    const file = await createWith(make(), '1.wal', bytes(1, 2, 3, 4, 5));

    const target = new Uint8Array(3);
    expect([file.read(target, 1), [...target]]).toEqual([3, [2, 3, 4]]);
    expect([file.read(target, 3), [...target]]).toEqual([2, [4, 5, 4]]);
    expect(file.read(target, 5)).toBe(0);
    expect(file.read(target, 99)).toBe(0);
  });

  test('a reader that was open before sees what is appended', async () => {
    const fs = make();
    const writer = await createWith(fs, '1.wal', bytes(1));
    const reader = await fs.open('1.wal', 'read');

    writeFully(writer, bytes(2, 3), 1);

    expect(reader.size()).toBe(3);
    expect(readFully(reader, 0, 3)).toEqual(bytes(1, 2, 3));
  });

  test('the source of a write may change afterwards', async () => {
    const source = bytes(1, 2);
    const file = await createWith(make(), '1.wal', source);

    source.fill(9);

    expect(readFully(file, 0, 2)).toEqual(bytes(1, 2));
  });

  test('a mebibyte is written and read back', async () => {
    const content = Uint8Array.from({ length: 1 << 20 }, (_, index) => index * 31);

    const file = await createWith(make(), '1.snap', content);

    expect(compareBytes(readFully(file, 0, content.length), content)).toBe(0);
  });

  test('what was cut is gone and stays gone when the file grows again', async () => {
    const file = await createWith(make(), '1.wal', bytes(1, 2, 3, 4));

    file.truncate(2);
    expect(file.size()).toBe(2);
    expect(file.read(new Uint8Array(4), 0)).toBe(2);

    writeFully(file, bytes(9), 2);
    expect(readFully(file, 0, 3)).toEqual(bytes(1, 2, 9));
    expect(file.size()).toBe(3);
  });

  test('a file opened for reading takes no write', async () => {
    const fs = make();
    const writer = await createWith(fs, '1.wal', bytes(1));
    const reader = await fs.open('1.wal', 'read');

    expect(await codeOf(() => reader.write(bytes(2), 1))).toBe('EBADF');
    expect(['EBADF', 'EINVAL']).toContain(await codeOf(() => reader.truncate(0)));
    expect(writer.size()).toBe(1);
  });

  test('a closed file does not reach the file that is opened next', async () => {
    const fs = make();
    const closed = await createWith(fs, '1.wal', bytes(1));

    closed.close();
    await createWith(fs, '2.wal', bytes(1, 2));

    expect(await codeOf(() => closed.size())).toBe('EBADF');
  });

  test('a closed file refuses every call, and closing twice is fine', async () => {
    const file = await createWith(make(), '1.wal', bytes(1));

    file.close();
    file.close();

    expect(await codeOf(() => file.read(new Uint8Array(1), 0))).toBe('EBADF');
    expect(await codeOf(() => file.write(bytes(1), 1))).toBe('EBADF');
    expect(await codeOf(() => file.truncate(0))).toBe('EBADF');
    expect(await codeOf(() => file.size())).toBe('EBADF');
    expect(await codeOf(() => file.sync())).toBe('EBADF');
  });
}

function testPreallocation({ make, preallocates = false }: FileSystemSubject): void {
  test(`zeros ${preallocates ? 'may' : 'must not'} stand ready behind what is written`, () => {
    const { preallocation } = make().facts;

    expect(preallocation !== undefined && preallocation > 0).toBe(preallocates);
  });

  if (!preallocates) return;

  test('what is written over zeros is there, before them and what was before it', async () => {
    const fs = make();
    const file = await createWith(fs, '1.wal', bytes(1, 2, 3));
    writeFully(file, new Uint8Array(1000), 3);
    await file.sync();

    writeFully(file, bytes(4, 5), 3);
    await file.sync();

    expect(file.size()).toBe(1003);
    expect(readFully(file, 0, 7)).toEqual(bytes(1, 2, 3, 4, 5, 0, 0));
    file.truncate(5);
    writeFully(file, bytes(6), 5);
    const found = await fs.open('1.wal', 'read');
    expect(found.size()).toBe(6);
    expect(readFully(found, 0, 6)).toEqual(bytes(1, 2, 3, 4, 5, 6));
  });

  test('a write that ends behind the zeros lets the file grow', async () => {
    const fs = make();
    const file = await createWith(fs, '1.wal', bytes(1, 2));
    writeFully(file, new Uint8Array(3), 2);

    writeFully(file, bytes(3, 4, 5, 6, 7), 2);

    expect(file.size()).toBe(7);
    expect(readFully(file, 0, 7)).toEqual(bytes(1, 2, 3, 4, 5, 6, 7));
  });
}

function testSync({ make, host }: FileSystemSubject): void {
  test('files and directory can be synced', async () => {
    const fs = make();
    const file = await createWith(fs, '1.wal', bytes(1));
    await createWith(fs, 'quarantine/1.wal', bytes(1));

    await file.sync();
    await fs.syncDirectory();
    await fs.remove('1.wal');
    await fs.syncDirectory();
    await file.sync();
  });

  test('a sync that runs while the file is closed ends well', async () => {
    const file = await createWith(make(), '1.wal', bytes(1));

    const sync = file.sync();
    file.close();

    await sync;
  });

  test(`a ${host} host ${host === 'rich' ? 'can' : 'cannot'} sync at once`, async () => {
    const file = await createWith(make(), '1.wal', bytes(1));

    expect(file.syncNow !== undefined).toBe(host === 'rich');
    file.syncNow?.();
  });

  test(`a ${host} host answers ${host === 'rich' ? 'at once' : 'with promises'}`, async () => {
    const fs = make();
    const lock = await fs.lock();
    await fs.open('1.wal', 'create');

    const answers = [
      fs.open('2.wal', 'create'),
      fs.open('1.wal', 'read'),
      fs.list(),
      fs.remove('3.wal'),
      fs.syncDirectory(),
      fs.free(),
      lock.release(),
    ];
    await Promise.all(answers);

    const isPromised = answers.map((answer) => answer instanceof Promise);
    expect(isPromised).toEqual(answers.map(() => host === 'poor'));
  });
}

function testLock({ make }: FileSystemSubject): void {
  test('the lock has one holder until it is released', async () => {
    const fs = make();
    const lock = await fs.lock();

    const refusal = await Promise.resolve()
      .then(() => fs.lock())
      .catch((error: unknown) => error);
    await lock.release();
    const next = await fs.lock();

    expect(refusal).toBeInstanceOf(LockedError);
    expect(refusal).toMatchObject({ code: 'LOCKED', holder: lock.holder });
    expect([lock.isLost, next.isLost]).toEqual([false, false]);
    await next.release();
  });

  test('a lock released twice does not free its next holder', async () => {
    const fs = make();
    const lock = await fs.lock();
    await lock.release();
    const next = await fs.lock();

    await lock.release();

    expect(await codeOf(() => fs.lock())).toBe('LOCKED');
    await next.release();
  });

  test('the lock does not look like a file of the store', async () => {
    const fs = make();

    const lock = await fs.lock();

    expect((await fs.list()).filter((name) => /^\d+\.(wal|snap)$/.test(name))).toEqual([]);
    await lock.release();
  });
}

function testPoorHost({ make }: FileSystemSubject): void {
  test('a poor host writes at the end only', async () => {
    const file = await createWith(make(), '1.wal', bytes(1, 2));

    expect(await codeOf(() => file.write(bytes(9), 0))).toBe('EINVAL');
    expect(await codeOf(() => file.write(bytes(9), 3))).toBe('EINVAL');
    expect(readFully(file, 0, 2)).toEqual(bytes(1, 2));
  });
}

function testPool({ make }: FileSystemSubject, fileCountMax: number): void {
  test('a poor host has no more files than its pool, and a removed one is free again', async () => {
    const fs = make();
    for (let count = 0; count < fileCountMax; count++) await fs.open(`${count}.wal`, 'create');

    expect(await codeOf(() => fs.open('more.wal', 'create'))).toBe('ENOSPC');
    await fs.remove('0.wal');
    await fs.open('more.wal', 'create');

    expect(await fs.list()).toHaveLength(fileCountMax);
  });
}
