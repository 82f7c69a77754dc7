/** What fails in the store arrives with the code that Level has for it, and with its cause. */
import { beforeAll, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { type ErrorCode, OnewalError } from '../../src/errors.ts';
import { OnewalLevel } from '../../src/facade/level.ts';
import { LevelError, toLevelError } from '../../src/facade/level-error.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { type Fault, type PortCallKind, SimulatedDisk } from '../../src/testing/index.ts';
import { page, tableRows } from '../docs/pages.ts';

beforeAll(() => checksumReady);

async function failing(kind: PortCallKind, fault: Fault): Promise<[OnewalLevel, SimulatedDisk]> {
  const disk = new SimulatedDisk();
  const db = new OnewalLevel(disk);
  await db.put('a', '1');
  disk.onCall = (call) => (call.kind === kind ? fault : undefined);
  return [db, disk];
}

describe('opening', () => {
  test('a database that another has open says that it is locked', async () => {
    const files = new MemoryFileSystem();
    const db = new OnewalLevel(files);
    await db.open();
    const other = new OnewalLevel(files);

    await expect(other.open()).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
      cause: { name: 'LevelError', code: 'LEVEL_LOCKED', cause: { code: 'LOCKED' } },
    });

    await db.close();
    await other.open();
    await other.close();
  });

  test('a damaged database says that it is corrupt, and what is lost', async () => {
    const disk = new SimulatedDisk();
    const db = new OnewalLevel(disk);
    for (const key of 'abc') await db.put(key, key.repeat(100));
    await db.close();
    disk.flipBit(
      '1.wal',
      new TextDecoder('latin1').decode(disk.readFile('1.wal')).indexOf('bbb'),
      0,
    );

    await expect(db.open()).rejects.toMatchObject({
      cause: {
        code: 'LEVEL_CORRUPTION',
        cause: { code: 'CORRUPT', report: { action: 'refused' } },
      },
    });
    await db.open({ recovery: 'point-in-time' });
    await db.close();
  });

  test('that is aborted says so', async () => {
    const db = new OnewalLevel(new MemoryFileSystem(), { signal: AbortSignal.abort('no time') });

    await expect(db.open()).rejects.toMatchObject({
      cause: { code: 'LEVEL_ABORTED', name: 'AbortError', cause: { cause: 'no time' } },
    });
  });
});

describe('a write', () => {
  test('on a full disk, or on one that fails, is an IO error that says what is stored', async () => {
    for (const [code, cause] of [
      ['ENOSPC', 'DISK_FULL'],
      ['EIO', 'IO'],
    ] as const) {
      const [db, disk] = await failing('write', { kind: 'fail', code });

      await expect(db.batch([{ type: 'put', key: 'b', value: '2' }])).rejects.toMatchObject({
        code: 'LEVEL_IO_ERROR',
        cause: { code: cause, committed: 'no' },
      });

      disk.onCall = undefined;
      expect(await db.keys().all()).toEqual(['a']);
      await db.put('b', '2');
      await db.close();
    }
  });

  test('whose sync fails is an IO error that nobody knows the outcome of', async () => {
    const [db, disk] = await failing('sync', { kind: 'fail', code: 'EIO' });

    await expect(db.put('b', '2')).rejects.toMatchObject({
      code: 'LEVEL_IO_ERROR',
      cause: { code: 'COMMIT_IN_DOUBT', committed: 'unknown' },
    });

    disk.onCall = undefined;
    await db.close();
  });

  test('to a database that only reads is refused as such', async () => {
    const files = new MemoryFileSystem();
    const db = new OnewalLevel(files);
    await db.put('a', '1');
    await db.close();
    await db.open({ readOnly: true });

    const writes = [db.put('a', '2'), db.del('a'), db.clear(), db.batch().del('a').write()];

    for (const write of writes) {
      await expect(write).rejects.toMatchObject({
        code: 'LEVEL_READONLY',
        cause: { code: 'READ_ONLY', committed: 'no' },
      });
    }
    expect(await db.get('a')).toBe('1');
    await db.close();
  });

  test('that Level has no code for keeps its own', async () => {
    const db = new OnewalLevel(new MemoryFileSystem(), { quota: { bytes: 3 } });

    await expect(db.put('a', 'much too long')).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      cause: { needed: 14, quota: 3 },
    });
    await expect(db.del('k'.repeat(4097))).rejects.toMatchObject({ code: 'LIMIT' });
    await db.close();
  });
});

test('a store that was closed behind the back of its database is not open', async () => {
  const db = new OnewalLevel(new MemoryFileSystem());
  await db.put('a', '1');
  const iterator = db.iterator();
  await db.store.close();
  const notOpen = expect.objectContaining({ code: 'LEVEL_DATABASE_NOT_OPEN' });

  await expect(db.put('b', '2')).rejects.toEqual(notOpen);
  await expect(db.getMany(['a'])).rejects.toEqual(notOpen);
  await expect(iterator.next()).rejects.toEqual(notOpen);
  expect(() => db.getSync('a')).toThrow(notOpen);
  expect(() => db.keys()).toThrow(notOpen);
  expect(() => db.snapshot()).toThrow(notOpen);
  await db.close();
});

test('docs/level.md says of every code which one of Level it becomes', () => {
  const [, ...rows] = tableRows(page('docs/level.md'), 'Errors');
  const inTable = new Map(
    rows.flatMap(([level = '', ours = '']) =>
      ours.split(' ').map((code) => [bare(code), bare(level)] as const),
    ),
  );
  const codes = [...page('docs/errors.md').text.matchAll(/^### ([A-Z_]+)$/gm)].map(([, c]) => c);

  expect(codes.length).toBeGreaterThan(20);
  for (const code of codes as ErrorCode[]) {
    const error = toLevelError(new OnewalError(code, 'a message'));
    expect([code, (error as LevelError).code]).toEqual([code, inTable.get(code) ?? code]);
  }
  expect([...inTable.keys()].filter((code) => !codes.includes(code))).toEqual([]);
});

test('an error that is not of the store passes as it is', () => {
  const error = new RangeError('elsewhere');

  expect(toLevelError(error)).toBe(error);
  expect(toLevelError(new OnewalError('LIMIT', 'm'))).toBeInstanceOf(LevelError);
});

function bare(code: string): string {
  return code.replaceAll('`', '');
}
