/** What is applied behind a break, by the mode that leaves damaged commits out. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { CborWriter } from '../../src/bytes/cbor.ts';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { applyBehindBreak, replayHistory } from '../../src/store/replay.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { FrameType } from '../../src/wal/frame.ts';
import { commitBody, encodeOperation } from '../../src/wal/record.ts';
import type { Frame } from '../../src/wal/wal-reader.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(37));

const SIZE = 200;

/** Frame `place` of a WAL: the definition of the map that has the number of the commit. */
function frame(place: number, header: Partial<Frame['header']>): Frame {
  const writer = new CborWriter();
  const map = place + 1;
  const [name, keyEncoding, valueEncoding] = [`m${place}`, 'utf8', 'binary'];
  encodeOperation(writer, { type: 'define', map, name, keyEncoding, valueEncoding });
  return {
    offset: place * SIZE,
    nextOffset: (place + 1) * SIZE,
    body: commitBody(writer.bytes(), 1),
    header: { type: FrameType.commit, isContinuation: false, sequence: 1, ...header },
  } as Frame;
}

const emptyReplay = () => {
  const history = { stack: [], wals: [], snapshotState: 'none', walState: 'none', damage: [] };
  return replayHistory(history as never, () => undefined);
};

test('a commit of which all parts are there is applied behind a break', () => {
  const replay = emptyReplay();
  const parts = [
    frame(0, { type: FrameType.part, sequence: 3 }),
    frame(1, { isContinuation: true, sequence: 3 }),
  ];

  expect(applyBehindBreak(replay, parts)).toBe(2);

  expect(replay.draft.sequence).toBe(3);
  expect(replay.draft.toState().catalog.byId(1)?.name).toBe('m0');
  expect(replay.draft.toState().catalog.byId(2)?.name).toBe('m1');
});

test.each([
  ['of another commit', [frame(0, { type: FrameType.part, sequence: 1 })]],
  ['that is not adjacent', [{ ...frame(0, { type: FrameType.part, sequence: 2 }), nextOffset: 9 }]],
  ['of nothing', []],
])('the end of a commit that continues a part %s is not applied', (_, before) => {
  const replay = emptyReplay();
  const end = frame(1, { isContinuation: true, sequence: 2 });

  expect(applyBehindBreak(replay, [...before, end])).toBe(0);

  expect(replay.draft.sequence).toBe(0);
});

test('commits that the snapshot has are neither applied again nor counted, behind a break', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  for (const [n, key] of ['a', 'b', 'k', 'c'].entries()) {
    await map.put(key, n, { durability: 'buffered' });
  }
  let hasFailed = false;
  disk.onCall = (call) => {
    if (call.kind !== 'sync' || call.file !== '1.wal' || hasFailed) return undefined;
    hasFailed = true;
    return { kind: 'sync', personality: 'ext4' };
  };
  // The WAL behind the snapshot logs again what the snapshot has.
  await store.checkpoint();
  for (const key of ['d', 'e']) await map.put(key, 1);
  const image = disk.afterKill();
  await store.close();
  image.flipBit('2.wal', 8192 + 70, 1);
  await expect(Store.open(image.clone())).rejects.toMatchObject({ code: 'CORRUPT' });

  const found = await Store.open(image, { recovery: 'skip-corrupt' });

  expect([...found.map('m').getKeys()]).toEqual(['a', 'b', 'c', 'd', 'e', 'k']);
  expect(found.info.loss).toMatchObject({ action: 'skipped', commitsLost: 0 });
  expect(found.info.sequence).toBe(6);
  expect((await found.verify()).isSound).toBe(true);
  await found.close();
});
