/** What the plugin may do to a file system over it. */
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { compareBytes } from '../../../src/bytes/bytes.ts';
import { checksumReady } from '../../../src/bytes/checksum.ts';
import { CordovaFileSystem } from '../../../src/fs/cordova.ts';
import { type File, readFully, writeFully } from '../../../src/fs/file-system.ts';
import { Store } from '../../../src/index.ts';
import { type BridgeCall, type BridgeFault, Device, FileErrors } from './device.ts';
import { enterPage, FakeDirectoryEntry, forgetPage } from './plugin.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const noise = (size: number) => Uint8Array.from({ length: size }, (_, index) => (index * 31) >> 3);

let device: Device;
let leavePage: () => void = () => undefined;

beforeAll(() => checksumReady);
beforeEach(() => enter(new Device()));
afterEach(() => leavePage());

function enter(next: Device): void {
  leavePage();
  forgetPage();
  device = next;
  leavePage = enterPage(device);
}

async function fileOf(content: Uint8Array): Promise<File> {
  const file = await new CordovaFileSystem('s').open('1.wal', 'create');
  writeFully(file, content, 0);
  return file;
}

function hasContent(path: string, content: Uint8Array): boolean {
  return compareBytes(device.contentOf(path) ?? new Uint8Array(0), content) === 0;
}

/** What the host does with the next call of this kind, and only with that. */
function once(action: BridgeCall['action'], fault: BridgeFault): void {
  device.onCall = (call) => {
    if (call.action !== action) return undefined;
    device.onCall = () => undefined;
    return fault;
  };
}

test('no call carries more than 256 KiB, and what they carry arrives in order', async () => {
  const content = noise((1 << 20) + 5);
  const file = await fileOf(content);

  await file.sync();

  expect(hasContent('/s/1.wal', content)).toBe(true);
  expect(device.largestWrite).toBe(256 << 10);
  file.close();
  const again = await new CordovaFileSystem('s').open('1.wal', 'read');
  expect(compareBytes(readFully(again, 0, content.length), content)).toBe(0);
});

test('a sync writes only what is new, and nothing where nothing is', async () => {
  const file = await fileOf(bytes(1, 2, 3));
  await file.sync();
  const written: (number | undefined)[] = [];
  device.onCall = ({ action, byteCount }) => {
    if (action === 'write' || action === 'truncate') written.push(byteCount);
    return undefined;
  };

  writeFully(file, bytes(4), 3);
  await file.sync();
  await file.sync();

  expect(written).toEqual([1]);
  expect(device.contentOf('/s/1.wal')).toEqual(bytes(1, 2, 3, 4));
});

test.each(['android', 'ios', 'browser'] as const)(
  'what was cut and written anew is cut before it is written, on %s',
  async (platform) => {
    enter(new Device({ platform }));
    const file = await fileOf(bytes(1, 2, 3, 4, 5));
    await file.sync();

    file.truncate(2);
    writeFully(file, bytes(9), 2);
    await file.sync();

    expect(device.contentOf('/s/1.wal')).toEqual(bytes(1, 2, 9));
  },
);

test('a cut below what is on its way counts too', async () => {
  const file = await fileOf(bytes(1, 2, 3, 4));
  let goOn: () => void = () => undefined;
  once('write', { kind: 'delay', until: new Promise((resolve) => (goOn = resolve)) });

  const sync = file.sync();
  await untilCalled('write');
  file.truncate(1);
  writeFully(file, bytes(8, 9), 1);
  goOn();
  await sync;
  await file.sync();

  expect(device.contentOf('/s/1.wal')).toEqual(bytes(1, 8, 9));
});

test('a failed write is an error, and the next one looks first how far it came', async () => {
  const file = await fileOf(bytes(1, 2));
  await file.sync();
  writeFully(file, bytes(3, 4, 5), 2);
  once('write', { kind: 'fail', code: FileErrors.INVALID_MODIFICATION, afterBytes: 2 });

  await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
  expect(device.contentOf('/s/1.wal')).toEqual(bytes(1, 2, 3, 4));
  const calls: string[] = [];
  device.onCall = ({ action }) => void calls.push(action);
  await file.sync();

  expect(calls).toEqual(['getFileMetadata', 'truncate', 'write']);
  expect(device.contentOf('/s/1.wal')).toEqual(bytes(1, 2, 3, 4, 5));
});

test('a short write that iOS passes off as whole is an error', async () => {
  enter(new Device({ platform: 'ios' }));
  const file = await fileOf(bytes(1, 2, 3));
  once('write', { kind: 'short', afterBytes: 1 });

  await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
  await file.sync();

  expect(device.contentOf('/s/1.wal')).toEqual(bytes(1, 2, 3));
});

test('a file that was cut by others after a failure is not written to any more', async () => {
  const file = await fileOf(bytes(1, 2));
  await file.sync();
  writeFully(file, bytes(3), 2);
  once('write', { kind: 'fail', code: FileErrors.INVALID_MODIFICATION });
  await file.sync().catch(() => undefined);
  device.setContent('/s/1.wal', bytes(1));

  await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });

  expect(device.contentOf('/s/1.wal')).toEqual(bytes(1));
});

test('two syncs of a file never write at once', async () => {
  const file = await fileOf(noise(600 << 10));

  const first = file.sync();
  writeFully(file, bytes(7), 600 << 10);
  await Promise.all([first, file.sync(), file.sync()]);

  expect(device.contentOf('/s/1.wal')?.length).toBe((600 << 10) + 1);
});

test('a file is removed behind the write that is under way, and not made again', async () => {
  const fs = new CordovaFileSystem('s');
  const file = await fs.open('1.wal', 'create');
  writeFully(file, noise(600 << 10), 0);

  const sync = file.sync();
  const removal = fs.remove('1.wal');
  await Promise.all([sync, removal]);
  await file.sync();

  expect(device.paths).toEqual([]);
});

test.each([
  ['android', 'ENOSPC'],
  ['ios', 'ENOSPC'],
  ['browser', 'ENOSPC'],
] as const)('a full disk is told from other errors on %s', async (platform, code) => {
  enter(new Device({ platform, capacity: 100_000 }));
  const file = await fileOf(noise(200_000));

  await expect(file.sync()).rejects.toMatchObject({ code });
  device.capacity = 1_000_000;
  await file.sync();

  expect(hasContent('/s/1.wal', noise(200_000))).toBe(true);
});

test.each([
  [FileErrors.QUOTA_EXCEEDED, 'ENOSPC'],
  [FileErrors.NOT_FOUND, 'ENOENT'],
  [FileErrors.INVALID_STATE, 'EBUSY'],
  [2, 'EACCES'],
  [6, 'EACCES'],
  [1000, 'EIO'],
])('error %i of the plugin is %s', async (code, expected) => {
  const file = await fileOf(bytes(1));
  once('write', { kind: 'fail', code });

  await expect(file.sync()).rejects.toMatchObject({ code: expected, cause: { code } });
});

test('more than a hundred files are listed, and directories of others are not', async () => {
  enter(new Device({ platform: 'browser' }));
  const fs = new CordovaFileSystem('s');
  for (let count = 0; count < 205; count++) await fs.open(`${count}.snap`, 'create');
  await new CordovaFileSystem('s/inner').open('1.wal', 'create');

  expect(await fs.list()).toHaveLength(205);
});

test('a directory is where it was asked for: an entry, a URL, or the data of the app', async () => {
  const parent = new FakeDirectoryEntry(device, '');
  const systems = [
    new CordovaFileSystem('place/a', { within: parent }),
    new CordovaFileSystem('b', { within: 'file:///data/files/place/' }),
    new CordovaFileSystem('c'),
  ];
  for (const fs of systems) await fs.open('1.wal', 'create');

  expect(device.paths).toEqual(['/place/a/1.wal', '/place/b/1.wal', '/c/1.wal']);
  expect(systems.map(({ facts }) => facts.location)).toEqual([
    'cordova:file:///data/files/place/a',
    'cordova:file:///data/files/place/b',
    'cordova:c',
  ]);
});

test('the lock is one for all file systems over a directory', async () => {
  const lock = await new CordovaFileSystem('s').lock();
  const other = new CordovaFileSystem('s', { within: 'file:///data/files' });

  await expect(other.lock()).rejects.toMatchObject({ code: 'LOCKED' });
  await lock.release();
  await (await other.lock()).release();
});

test('before deviceready, and without the plugin, a call says what is missing', async () => {
  leavePage();
  leavePage = () => undefined;

  const opening = Store.open(new CordovaFileSystem('s'));

  await expect(opening).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(opening).rejects.toThrow('not an app of Cordova');
});

test('the imitation of the plugin in other browsers is refused', async () => {
  enter(new Device({ platform: 'browser' }));
  Reflect.deleteProperty(globalThis, 'webkitRequestFileSystem');

  await expect(new CordovaFileSystem('s').list()).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});

test('a path that the plugin cannot have is refused', () => {
  for (const path of ['', 'a//b', '../a', 'a:b']) {
    expect(() => new CordovaFileSystem(path)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  }
});

test.each([
  ['android', 'none'],
  ['browser', 'none'],
  ['ios', 'unknown'],
] as const)('on %s the durability is %s', (platform, durability) => {
  enter(new Device({ platform }));

  expect(new CordovaFileSystem('s').facts).toMatchObject({ durability });
});

test('a write that a reloaded page left under way does not reach the next session', async () => {
  const store = await Store.open(new CordovaFileSystem('s'));
  await store.map('m').put('k', 1);
  let goOn: () => void = () => undefined;
  once('write', { kind: 'delay', until: new Promise((resolve) => (goOn = resolve)) });
  const late = store.map('m').put('k', 2);
  await untilCalled('write');

  forgetPage();
  const next = await Store.open(new CordovaFileSystem('s'));
  goOn();
  await late.catch(() => undefined);
  await next.map('m').put('other', 3);
  await next.close();

  const found = await Store.open(new CordovaFileSystem('s'));
  expect([found.map('m').get('k'), found.map('m').get('other')]).toEqual([1, 3]);
  expect((await found.verify()).damage).toEqual([]);
  await found.close();
});

async function untilCalled(action: BridgeCall['action']): Promise<void> {
  const before = device.onCall;
  await new Promise<void>((resolve) => {
    device.onCall = (call) => {
      if (call.action === action) resolve();
      return before(call);
    };
  });
}
