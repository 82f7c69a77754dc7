import { describe, expect, test } from 'vitest';
import type { File } from '../../src/fs/file-system.ts';
import {
  type Fault,
  faultAt,
  faultFrom,
  type PortCall,
  SimulatedCrash,
  SimulatedDisk,
} from '../../src/testing/index.ts';
import { testFileSystem } from '../contract/file-system.ts';

describe('the simulated disk', () => {
  testFileSystem({ make: () => new SimulatedDisk(), host: 'rich' });
});

describe('the simulated disk, with zeros that stand ready', () => {
  testFileSystem({
    make: () => new SimulatedDisk({ preallocation: 4096 }),
    host: 'rich',
    preallocates: true,
  });
});

describe('the simulated disk, as poor as the poorest host', () => {
  testFileSystem({
    make: () => new SimulatedDisk({ host: 'poor' }),
    host: 'poor',
    fileCountMax: 24,
  });
});

const filled = (size: number, value: number) => new Uint8Array(size).fill(value);

/** A disk with the durable file `1.wal`, and a handle that can write to it. */
async function diskWith(content: Uint8Array): Promise<{ disk: SimulatedDisk; file: File }> {
  const disk = new SimulatedDisk();
  const file = await disk.open('1.wal', 'create');
  file.write(content, 0);
  await file.sync();
  await disk.syncDirectory();
  return { disk, file };
}

const failureOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return 'no error';
};

/** The bytes of `1.wal` when nothing that is pending survives. */
function durableBytes(disk: SimulatedDisk): Uint8Array | undefined {
  for (const image of disk.powerLossImages()) {
    return image.names().includes('1.wal') ? image.readFile('1.wal') : undefined;
  }
  return undefined;
}

function distinctImages(disk: SimulatedDisk): number {
  return new Set([...disk.powerLossImages()].map((image) => image.digest())).size;
}

describe('calls', () => {
  test('are counted, each with its kind, its file and the bytes asked for', async () => {
    const calls: PortCall[] = [];
    const disk = new SimulatedDisk({ onCall: (call) => void calls.push(call) });

    const lock = await disk.lock();
    const file = await disk.open('1.wal', 'create');
    file.write(filled(3, 1), 0);
    file.read(new Uint8Array(2), 0);
    file.truncate(1);
    file.size();
    await file.sync();
    file.syncNow?.();
    file.close();
    await disk.list();
    await disk.syncDirectory();
    await disk.free();
    await disk.remove('1.wal');
    await lock.release();

    const onFile = 'open write read truncate size sync syncNow close'.split(' ');
    const onDisk = 'list syncDirectory free remove release'.split(' ');
    expect(calls.map(({ kind }) => kind)).toEqual(['lock', ...onFile, ...onDisk]);
    expect(calls.map(({ index }) => index)).toEqual([...calls.keys()]);
    expect(calls[2]).toEqual({ index: 2, kind: 'write', file: '1.wal', byteCount: 3 });
    expect(calls[3]).toMatchObject({ byteCount: 2 });
    expect(disk.callCount).toBe(calls.length);
  });

  const everyCall: ReadonlyArray<(disk: SimulatedDisk, file: File) => unknown> = [
    (disk) => disk.open('2.wal', 'create'),
    (disk) => disk.list(),
    (disk) => disk.remove('1.wal'),
    (disk) => disk.syncDirectory(),
    (disk) => disk.lock(),
    (disk) => disk.free(),
    (_, file) => file.read(new Uint8Array(1), 0),
    (_, file) => file.write(filled(1, 2), 4),
    (_, file) => file.truncate(0),
    (_, file) => file.size(),
    (_, file) => file.sync(),
    (_, file) => file.syncNow?.(),
    (_, file) => file.close(),
  ];

  test.each(everyCall)('fail with the code they are told to: %s', async (call) => {
    const { disk, file } = await diskWith(filled(4, 1));
    disk.onCall = faultAt(disk.callCount, { kind: 'fail', code: 'EDQUOT' });

    expect(await failureOf(() => call(disk, file))).toMatchObject({ code: 'EDQUOT' });

    expect(disk.names()).toEqual(['1.wal']);
    expect(disk.readFile('1.wal')).toEqual(filled(4, 1));
  });

  test.each(everyCall)('crash before they do anything: %s', async (call) => {
    const { disk, file } = await diskWith(filled(4, 1));
    const before = disk.digest();
    disk.onCall = faultAt(disk.callCount, { kind: 'crash' });

    expect(await failureOf(() => call(disk, file))).toBeInstanceOf(SimulatedCrash);

    expect(disk.isCrashed).toBe(true);
    expect(disk.digest()).toBe(before);
    for (const later of everyCall) {
      expect(await failureOf(() => later(disk, file))).toBeInstanceOf(SimulatedCrash);
    }
  });

  test('fail once, or from then on for ever, or only those of some kinds', async () => {
    const { disk, file } = await diskWith(filled(4, 1));
    const fault: Fault = { kind: 'fail', code: 'EIO' };

    disk.onCall = faultAt(disk.callCount, fault);
    expect([await failureOf(() => file.size()), file.size()]).toMatchObject([{ code: 'EIO' }, 4]);

    disk.onCall = faultFrom(disk.callCount, fault);
    for (let count = 0; count < 5; count++) {
      expect(await failureOf(() => file.size())).toMatchObject({ code: 'EIO' });
    }

    disk.onCall = faultFrom(disk.callCount, fault, ['write', 'truncate']);
    expect(file.size()).toBe(4);
    expect(await failureOf(() => file.truncate(0))).toMatchObject({ code: 'EIO' });
  });

  test('a crash in the middle of a write leaves the bytes before it', async () => {
    for (let count = 0; count <= 5; count++) {
      const { disk, file } = await diskWith(filled(4, 1));
      disk.onCall = faultAt(disk.callCount, { kind: 'crash', afterBytes: count });

      expect(await failureOf(() => file.write(filled(5, 2), 4))).toBeInstanceOf(SimulatedCrash);

      expect([...disk.readFile('1.wal')]).toEqual([1, 1, 1, 1, ...filled(count, 2)]);
    }
  });

  test.each([0, 1, 3])('a write and a read can be short: %i bytes', async (byteCount) => {
    const { disk, file } = await diskWith(filled(4, 1));
    disk.onCall = faultFrom(0, { kind: 'short', byteCount });

    expect(file.write(filled(5, 2), 4)).toBe(byteCount);
    expect(file.read(new Uint8Array(4), 0)).toBe(byteCount);

    expect(disk.readFile('1.wal')).toHaveLength(4 + byteCount);
  });

  test('the lock can be taken away, and is then free for another', async () => {
    const disk = new SimulatedDisk();
    const lock = await disk.lock();
    const causes: unknown[] = [];
    lock.onLost((cause) => causes.push(cause));

    disk.revokeLock('taken');

    expect([lock.isLost, causes]).toEqual([true, ['taken']]);
    const next = await disk.lock();
    await lock.release();
    expect(await failureOf(() => disk.lock())).toMatchObject({ code: 'LOCKED' });
    await next.release();
  });
});

describe('capacity', () => {
  test('a write beyond it is short, then refused; cutting and removing free space', async () => {
    const disk = new SimulatedDisk({ capacity: 10 });
    const file = await disk.open('1.wal', 'create');

    expect(file.write(filled(8, 0), 0)).toBe(8);
    expect(await disk.free()).toBe(2);
    expect(file.write(filled(4, 1), 8)).toBe(2);
    expect(await failureOf(() => file.write(filled(1, 1), 10))).toMatchObject({ code: 'ENOSPC' });

    file.truncate(4);
    expect(await disk.free()).toBe(6);
    await disk.remove('1.wal');
    expect(await disk.free()).toBe(6);
    file.close();
    expect(await disk.free()).toBe(10);
  });

  test('it can change at any time, and is unlimited without a figure', async () => {
    const disk = new SimulatedDisk({ capacity: 1 });
    const file = await disk.open('1.wal', 'create');
    expect(file.write(filled(4, 1), 0)).toBe(1);

    disk.capacity = undefined;

    expect(file.write(filled(4, 1), 1)).toBe(4);
    expect(await disk.free()).toBeUndefined();
    disk.capacity = 2;
    expect(await disk.free()).toBe(0);
  });
});

describe('a sync', () => {
  test('makes durable what was written before the call, when it resolves', async () => {
    const { disk, file } = await diskWith(filled(600, 1));
    file.write(filled(600, 2), 600);

    const sync = file.sync();
    file.write(filled(600, 3), 1200);
    expect(durableBytes(disk)).toEqual(filled(600, 1));
    await sync;

    expect(durableBytes(disk)).toEqual(Uint8Array.of(...filled(600, 1), ...filled(600, 2)));
    expect(disk.pendingSectorCount).toBe(2);
    file.syncNow?.();
    expect(durableBytes(disk)).toHaveLength(1800);
    expect(disk.pendingSectorCount).toBe(0);
  });

  test('that is under way when the machine crashes makes nothing durable', async () => {
    const { disk, file } = await diskWith(filled(4, 1));
    file.write(filled(4, 2), 4);

    const sync = failureOf(() => file.sync());
    disk.onCall = faultAt(disk.callCount, { kind: 'crash' });
    await failureOf(() => file.size());

    expect(await sync).toBeInstanceOf(SimulatedCrash);
    expect(durableBytes(disk)).toEqual(filled(4, 1));
  });

  test('makes a cut durable', async () => {
    const { disk, file } = await diskWith(filled(2000, 1));
    file.truncate(100);
    file.write(filled(1000, 2), 100);

    await file.sync();

    expect(distinctImages(disk)).toBe(1);
    expect(durableBytes(disk)).toEqual(Uint8Array.of(...filled(100, 1), ...filled(1000, 2)));
  });

  const failing = async (personality: 'ext4' | 'btrfs' | 'delayed' | 'lying') => {
    const { disk, file } = await diskWith(filled(512, 1));
    file.write(filled(512, 2), 512);
    disk.onCall = faultAt(disk.callCount, { kind: 'sync', personality });
    const failure = await failureOf(() => file.sync());
    return { disk, file, failure };
  };

  test('that fails as on ext4 leaves content readable until a crash, whatever is synced later', async () => {
    const { disk, file, failure } = await failing('ext4');
    expect(failure).toMatchObject({ code: 'EIO' });
    expect(disk.readFile('1.wal')).toHaveLength(1024);
    expect(disk.afterKill().readFile('1.wal')[512]).toBe(2);

    file.write(filled(512, 3), 1024);
    await file.sync();

    expect(durableBytes(disk)).toEqual(
      Uint8Array.of(...filled(512, 1), ...filled(512, 0), ...filled(512, 3)),
    );
  });

  test('that fails as on btrfs loses the content at once', async () => {
    const { disk, failure } = await failing('btrfs');

    expect(failure).toMatchObject({ code: 'EIO' });
    expect(disk.readFile('1.wal')).toEqual(filled(512, 1));
  });

  test('that fails late reports it at the next one', async () => {
    const { disk, file, failure } = await failing('delayed');

    expect(failure).toBe('no error');
    expect(durableBytes(disk)).toEqual(filled(512, 1));
    expect(await failureOf(() => file.sync())).toMatchObject({ code: 'EIO' });
    expect(await failureOf(() => file.sync())).toBe('no error');
  });

  test('that lies reports success and makes nothing durable', async () => {
    const { disk, failure } = await failing('lying');

    expect(failure).toBe('no error');
    expect(durableBytes(disk)).toEqual(filled(512, 1));
    expect(disk.pendingSectorCount).toBe(1);
  });

  test('that fails is reported once to each way to sync', async () => {
    const { file } = await failing('ext4');

    expect(await failureOf(() => file.sync())).toBe('no error');
    expect(await failureOf(() => file.syncNow?.())).toMatchObject({ code: 'EIO' });
    expect(await failureOf(() => file.syncNow?.())).toBe('no error');
  });

  test('of the directory can fail and can lie', async () => {
    const { disk } = await diskWith(filled(1, 1));
    await disk.remove('1.wal');

    disk.onCall = faultAt(disk.callCount, { kind: 'sync', personality: 'ext4', code: 'ENOSPC' });
    expect(await failureOf(() => disk.syncDirectory())).toMatchObject({ code: 'ENOSPC' });
    disk.onCall = faultAt(disk.callCount, { kind: 'sync', personality: 'lying' });
    await disk.syncDirectory();
    expect(durableBytes(disk)).toEqual(filled(1, 1));

    await disk.syncDirectory();
    expect(durableBytes(disk)).toBeUndefined();
  });
});

describe('after a kill', () => {
  test('everything written is there, unlocked, uncounted, and still not durable', async () => {
    const { disk, file } = await diskWith(filled(4, 1));
    await disk.lock();
    file.write(filled(4, 2), 4);
    await disk.open('2.wal', 'create');

    const next = disk.afterKill();

    expect(next.digest()).toBe(disk.digest());
    expect([next.callCount, next.isCrashed, next.pendingSectorCount]).toEqual([0, false, 1]);
    await next.lock();
    expect(durableBytes(next)).toEqual(filled(4, 1));
  });

  test('the same images of a power cut are possible as before', async () => {
    const { disk, file } = await diskWith(filled(4, 1));
    file.write(filled(600, 2), 4);
    file.truncate(300);
    await disk.open('2.wal', 'create');
    const imagesOf = (of: SimulatedDisk) => [...of.powerLossImages()].map((one) => one.digest());

    const next = disk.afterKill();
    const images = imagesOf(disk);
    expect(imagesOf(next)).toEqual(images);

    file.write(filled(4, 3), 300);
    expect(imagesOf(next)).toEqual(images);
  });

  test('a file whose creation is pending is another one on the new disk', async () => {
    const disk = new SimulatedDisk();
    const file = await disk.open('1.wal', 'create');
    const next = disk.afterKill();

    file.write(filled(4, 3), 0);

    const sizes = [...next.powerLossImages()].map((image) =>
      image.names().map((name) => image.readFile(name).length),
    );
    expect(sizes).toEqual([[], [0]]);
  });

  test('the old disk and the new one share nothing', async () => {
    const { disk, file } = await diskWith(filled(4, 1));
    const next = disk.afterKill();

    file.write(filled(4, 2), 4);
    next.writeFile('1.wal', filled(1, 9));

    expect(disk.readFile('1.wal')).toHaveLength(8);
    expect(next.readFile('1.wal')).toEqual(filled(1, 9));
  });
});

describe('a power cut', () => {
  test('on a synced disk leaves exactly what is there', async () => {
    const { disk } = await diskWith(filled(700, 1));

    const images = [...disk.powerLossImages()];

    expect(images).toHaveLength(1);
    expect(images[0]?.digest()).toBe(disk.digest());
    expect(images[0]?.callCount).toBe(0);
  });

  test('leaves any subset of appended sectors at any size between old and new', async () => {
    const { disk, file } = await diskWith(new Uint8Array(0));
    file.write(filled(1200, 7), 0);

    const undamaged = [...disk.powerLossImages()].filter((image) => isUndamaged(image));

    // Sizes 0, 512, 1024 and 1200 with 0, 1, 2 and 3 sectors to choose from.
    expect(disk.pendingSectorCount).toBe(3);
    expect(new Set(undamaged.map((image) => image.digest())).size).toBe(1 + 2 + 4 + 8);
  });

  /** Every sector of `1.wal` is either all 7 or all 0. */
  function isUndamaged(image: SimulatedDisk): boolean {
    const bytes = image.readFile('1.wal');
    for (let start = 0; start < bytes.length; start += 512) {
      const sector = bytes.subarray(start, start + 512);
      if (!sector.every((byte) => byte === sector[0] && (byte === 7 || byte === 0))) return false;
    }
    return true;
  }

  test('tears, empties or scrambles one sector, within what was written of it', async () => {
    const { disk, file } = await diskWith(filled(100, 1));
    file.write(filled(100, 7), 100);

    const images = [...disk.powerLossImages()].map((image) => image.readFile('1.wal'));

    // Sizes 100 and 200: the sector differs below the second only; and three damaged ones.
    expect(images).toHaveLength(1 + 2 + 3);
    for (const bytes of images) expect(bytes.subarray(0, 100)).toEqual(filled(100, 1));
    const [torn, zeroed, garbage] = images.slice(3).map((bytes) => bytes.subarray(100));
    expect(torn?.[0]).toBe(7);
    expect(torn?.at(-1)).toBe(0);
    expect(zeroed).toEqual(filled(100, 0));
    expect(new Set(garbage).size).toBeGreaterThan(20);
  });

  test('makes no difference in sectors whose bytes are as before', async () => {
    const { disk, file } = await diskWith(filled(1024, 1));
    file.truncate(512);
    file.write(filled(512, 1), 512);

    expect(disk.pendingSectorCount).toBe(0);
    file.write(filled(1, 2), 1024);
    expect(disk.pendingSectorCount).toBe(1);
  });

  test('leaves zeros that were appended at any size', async () => {
    const { disk, file } = await diskWith(filled(10, 1));
    file.write(filled(1526, 0), 10);

    const sizes = [...disk.powerLossImages()].map((image) => image.readFile('1.wal').length);

    expect(sizes.sort((left, right) => left - right)).toEqual([10, 512, 1024, 1536]);
  });

  test('may undo a cut, also one of bytes that were never synced', async () => {
    const { disk, file } = await diskWith(filled(512, 1));
    file.write(filled(512, 2), 512);
    file.truncate(512);
    file.write(filled(200, 3), 512);

    const contents = [...disk.powerLossImages()].map((image) => image.readFile('1.wal'));

    const tails = new Set(contents.map((bytes) => bytes.subarray(512).join('')));
    expect(tails).toContain(filled(512, 2).join(''));
    expect(tails).toContain(filled(200, 3).join(''));
    expect(tails).toContain('');
    for (const bytes of contents) expect(bytes.subarray(0, 512)).toEqual(filled(512, 1));
  });

  test('may undo the cut of durable bytes', async () => {
    const { disk, file } = await diskWith(filled(1024, 1));
    file.truncate(100);

    const sizes = [...disk.powerLossImages()].map((image) => image.readFile('1.wal').length);

    expect(sizes.sort((left, right) => left - right)).toEqual([100, 512, 1024]);
  });

  test('keeps any subset of creations and removals', async () => {
    const { disk } = await diskWith(filled(4, 1));
    await disk.open('2.wal', 'create');
    await disk.open('3.wal', 'create');
    await disk.remove('1.wal');

    const names = [...disk.powerLossImages()].map((image) => image.names().sort().join());

    expect(names.sort()).toEqual(
      ['', '1.wal', '1.wal,2.wal', '1.wal,2.wal,3.wal', '1.wal,3.wal', '2.wal', '2.wal,3.wal']
        .concat('3.wal')
        .sort(),
    );
  });

  test('may leave the removed or the new file of one name', async () => {
    const { disk } = await diskWith(filled(4, 1));
    await disk.remove('1.wal');
    const file = await disk.open('1.wal', 'create');
    file.write(filled(4, 2), 0);
    await file.sync();

    const contents = [...disk.powerLossImages()].map((image) =>
      image.names().length === 0 ? 'absent' : image.readFile('1.wal').join(''),
    );

    expect(contents.sort()).toEqual(['1111', '2222', 'absent']);
  });

  test('keeps the content of a removed file whose removal it undoes', async () => {
    const { disk, file } = await diskWith(filled(4, 1));
    file.write(filled(4, 2), 4);
    await disk.remove('1.wal');
    await file.sync();

    expect(durableBytes(disk)).toHaveLength(8);
  });

  test('beyond twelve sectors leaves a seeded sample with every corner', async () => {
    const { disk, file } = await diskWith(new Uint8Array(0));
    file.write(filled(20 * 512, 7), 0);

    const images = [...disk.powerLossImages({ limit: 100, seed: 5 })];
    const digests = images.map((image) => image.digest());
    const again = [...disk.powerLossImages({ limit: 100, seed: 5 })].map((image) => image.digest());
    const other = [...disk.powerLossImages({ limit: 100, seed: 6 })].map((image) => image.digest());

    expect(images).toHaveLength(100);
    expect(again).toEqual(digests);
    expect(other).not.toEqual(digests);
    expect(images[0]?.readFile('1.wal')).toHaveLength(0);
    expect(images[1]?.digest()).toBe(disk.digest());
    for (let missing = 0; missing < 20; missing++) {
      const expected = filled(20 * 512, 7).fill(0, missing * 512, (missing + 1) * 512);
      const image = images[2 + missing]?.readFile('1.wal') ?? new Uint8Array(0);
      expect(Buffer.compare(image, expected)).toBe(0);
    }
  });

  test('over several files is complete in the subsets where sizes would be too many', async () => {
    const disk = new SimulatedDisk();
    for (let count = 0; count < 12; count++) {
      const file = await disk.open(`${count}.wal`, 'create');
      await disk.syncDirectory();
      file.write(filled(300, 7), 0);
    }

    const survivors = new Set<string>();
    const sizes = new Set<string>();
    for (const image of disk.powerLossImages({ limit: 10 })) {
      const contents = image.names().map((name) => image.readFile(name));
      survivors.add(contents.map((bytes) => bytes[0] === 7).join());
      sizes.add(contents.map((bytes) => bytes.length).join());
    }

    expect(disk.pendingSectorCount).toBe(12);
    expect(survivors.size).toBe(2 ** 12);
    expect(sizes.size).toBeGreaterThanOrEqual(2 ** 12);
  });
});

describe('direct access', () => {
  test('sets and damages files durably, without counting', async () => {
    const disk = new SimulatedDisk();

    disk.writeFile('1.wal', Uint8Array.of(1, 2));
    disk.flipBit('1.wal', 1, 7);

    expect(disk.readFile('1.wal')).toEqual(Uint8Array.of(1, 130));
    expect([disk.callCount, distinctImages(disk)]).toEqual([0, 1]);
    expect(() => disk.flipBit('1.wal', 2, 0)).toThrow('no byte 2');
    expect(() => disk.readFile('2.wal')).toThrow('ENOENT');
  });

  test('makes the name durable too, whatever was pending for it', async () => {
    const { disk } = await diskWith(filled(4, 1));
    await disk.remove('1.wal');

    disk.writeFile('1.wal', Uint8Array.of(1));

    const names = [...disk.powerLossImages()].map((image) => image.names());
    expect(names).toEqual([['1.wal']]);
  });

  test('open handles see the damage', async () => {
    const { disk, file } = await diskWith(filled(2, 0));

    disk.flipBit('1.wal', 0, 0);

    const target = new Uint8Array(2);
    file.read(target, 0);
    expect([...target]).toEqual([1, 0]);
  });

  test('the digest tells names, sizes and contents apart, and not the order of creation', () => {
    const digestOf = (...files: [string, Uint8Array][]) => {
      const disk = new SimulatedDisk();
      for (const [name, bytes] of files) disk.writeFile(name, bytes);
      return disk.digest();
    };
    const one: [string, Uint8Array] = ['1.wal', filled(3, 0)];
    const two: [string, Uint8Array] = ['2.wal', filled(3, 1)];

    expect(digestOf(one, two)).toBe(digestOf(two, one));
    const others = [digestOf(), digestOf(one), digestOf(two), digestOf(['1.wal', filled(4, 0)])];
    expect(new Set([digestOf(one, two), ...others]).size).toBe(5);
  });
});

// A sync that was called first and ends last used to put back the content of when it was called.
test('a sync that ends after a later one leaves what the later one made durable', async () => {
  const disk = new SimulatedDisk();
  const file = disk.open('1.wal', 'create') as File & { syncNow(): void };
  disk.syncDirectory();
  file.write(new Uint8Array([1]), 0);
  const first = file.sync();
  file.write(new Uint8Array([2]), 1);
  file.syncNow();

  await first;

  for (const image of disk.powerLossImages()) {
    expect(image.readFile('1.wal')).toEqual(new Uint8Array([1, 2]));
  }
});

test('a sync may take many turns: until then nothing of it is durable', async () => {
  const disk = new SimulatedDisk({ syncTurns: 20 });
  const file = disk.open('1.wal', 'create') as File;
  disk.syncDirectory();
  file.write(new Uint8Array([1]), 0);
  const synced = file.sync();
  for (let turn = 0; turn < 19; turn++) await undefined;
  const before = durableBytes(disk);

  await synced;

  expect(before).toEqual(new Uint8Array());
  expect(durableBytes(disk)).toEqual(new Uint8Array([1]));
});

// What was written while the sync was under way used to put the synced bytes of its sector at stake.
test('a write during a sync endangers its own bytes of a sector, not those that are synced', async () => {
  const disk = new SimulatedDisk();
  const file = disk.open('1.wal', 'create') as File;
  await disk.syncDirectory();
  file.write(new Uint8Array(100).fill(1), 0);
  const synced = file.sync();
  file.write(new Uint8Array(100).fill(2), 100);
  await synced;

  let images = 0;
  for (const image of disk.powerLossImages({ limit: 100, seed: 1 })) {
    expect([...image.readFile('1.wal').slice(0, 100)]).toEqual(Array(100).fill(1));
    images++;
  }

  expect(images).toBeGreaterThan(3);
});
