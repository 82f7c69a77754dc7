import { expect, test } from 'vitest';
import { OpfsSlot } from '../../src/fs/opfs-slot.ts';
import { FakeAccessHandle } from './fake-access-handle.ts';

const lost = () => {
  throw new Error('not lost');
};
const slotOn = (handle: FakeAccessHandle) => new OpfsSlot(handle, lost);

function contentOf(slot: OpfsSlot): number[] {
  const bytes = new Uint8Array(slot.size);
  slot.read(bytes, 0);
  return [...bytes];
}

/** What a slot may look like to the next session, after each step of a life. */
interface Step {
  readonly take?: readonly [name: string, content: readonly number[]];
  readonly act: (slot: OpfsSlot) => void;
}

const STEPS: readonly Step[] = [
  { act: (slot) => slot.makeEmpty() },
  { act: (slot) => slot.take('1.wal', 1) },
  { act: (slot) => void slot.write(Uint8Array.of(1, 1, 1), 0) },
  { act: (slot) => slot.syncName() },
  { act: (slot) => slot.flush() },
  { act: (slot) => slot.leave(2) },
  { act: (slot) => slot.take('2.wal', 3) },
  { act: (slot) => void slot.write(Uint8Array.of(2, 2), 0) },
  { act: (slot) => slot.flush() },
  { act: (slot) => slot.syncName() },
  { act: (slot) => slot.leave(4) },
];
const NAMED_AND_FLUSHED = [5, 10];
const LEFT = [6, 11];

function live(handle: FakeAccessHandle): number {
  const slot = slotOn(handle);
  let done = 0;
  try {
    for (const { act } of STEPS) {
      act(slot);
      done += 1;
    }
  } catch {
    // The power went off.
  }
  return done;
}

function checkAfterPowerCut(slot: OpfsSlot, done: number): void {
  const content = contentOf(slot);
  expect(slot.isDamaged).toBe(false);
  if (slot.name === '1.wal') expect(content.every((byte) => byte === 1 || byte === 0)).toBe(true);
  if (slot.name === '2.wal') expect(content.every((byte) => byte === 2 || byte === 0)).toBe(true);
  if (done === NAMED_AND_FLUSHED[0]) {
    // Being freed, or not yet: with all it held, or not there at all.
    expect([undefined, '1.wal']).toContain(slot.name);
    if (slot.name !== undefined) expect(content).toEqual([1, 1, 1]);
  }
  if (done === NAMED_AND_FLUSHED[1] && slot.name !== undefined) {
    expect([slot.name, ...content]).toEqual(['2.wal', 2, 2]);
  }
  if (done === LEFT[0]) expect(slot.name).not.toBe('1.wal');
  if (done === LEFT[1]) expect(slot.name).toBeUndefined();
}

test('after a power cut at any point a file has its name with its bytes, or is free', () => {
  const all = new FakeAccessHandle();
  expect(live(all)).toBe(STEPS.length);

  for (let count = 0; count <= all.changeCount; count++) {
    const handle = new FakeAccessHandle();
    handle.changeCountMax = count;
    const done = live(handle);
    for (let seed = 0; seed < 40; seed++) {
      const slot = slotOn(handle.afterPowerCut(seed));

      checkAfterPowerCut(slot, done);
      if (slot.name === undefined) {
        slot.take('3.wal', 9);
        expect(slot.size).toBe(0);
      }
    }
  }
});

test('a session after a kill risks nothing that was flushed, wherever the power goes off in it', () => {
  const all = new FakeAccessHandle();
  live(all);
  for (let count = 0; count <= all.changeCount; count++) {
    for (let later = 0; later < 8; later++) {
      const handle = new FakeAccessHandle();
      handle.changeCountMax = count;
      const done = live(handle);
      handle.changeCountMax = count + later;
      const isDone = succeeds(() => {
        const slot = slotOn(handle);
        if (slot.name === undefined) slot.take('3.wal', 20);
        else slot.leave(20);
        slot.syncName();
      });

      for (let seed = 0; seed < 10; seed++) {
        const slot = slotOn(handle.afterPowerCut(seed));
        const wasNamed = NAMED_AND_FLUSHED.includes(done);
        expect(slot.isDamaged).toBe(false);
        if (wasNamed && slot.name !== undefined && slot.name !== '3.wal') {
          expect(isDone).toBe(false);
          expect(contentOf(slot)).toEqual(done === NAMED_AND_FLUSHED[0] ? [1, 1, 1] : [2, 2]);
        }
        if (slot.name === '3.wal') expect(contentOf(slot)).toEqual([]);
      }
    }
  }
});

function succeeds(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

test('a name that was synced outlives the rot of one copy of its record', () => {
  const handle = new FakeAccessHandle();
  const slot = slotOn(handle);
  slot.makeEmpty();
  slot.take('1.wal', 1);
  slot.write(Uint8Array.of(7), 0);
  slot.syncName();
  slot.flush();

  for (const at of [3, 4096 + 20]) {
    const rotten = handle.afterPowerCut(0);
    const byte = new Uint8Array(1);
    rotten.read(byte, { at });
    rotten.write(Uint8Array.of(~(byte[0] as number)), { at });
    const found = slotOn(rotten);

    expect([found.name, found.isDamaged, contentOf(found)]).toEqual(['1.wal', false, [7]]);
  }
});

test('a file with two rotten records is neither free nor touched', () => {
  const handle = new FakeAccessHandle();
  const slot = slotOn(handle);
  slot.makeEmpty();
  slot.take('1.wal', 1);
  slot.syncName();
  for (const at of [3, 4096 + 20]) handle.write(Uint8Array.of(0x55), { at });

  const found = slotOn(handle);

  expect([found.name, found.isFree, found.isDamaged]).toEqual([undefined, false, true]);
});

test('a removed file is readable as long as it is open, and free afterwards', () => {
  const slot = slotOn(new FakeAccessHandle());
  slot.makeEmpty();
  slot.take('1.wal', 1);
  slot.openFile();
  slot.write(Uint8Array.of(7, 8), 0);

  slot.leave(2);
  expect([slot.isFree, contentOf(slot)]).toEqual([false, [7, 8]]);

  slot.closeFile();
  expect([slot.isFree, slot.size]).toEqual([true, 0]);
});

test('a handle that the browser has closed is told of, and every call fails with EIO', () => {
  const handle = new FakeAccessHandle();
  const causes: unknown[] = [];
  const slot = new OpfsSlot(handle, (cause) => causes.push(cause));

  handle.close();

  expect(() => slot.flush()).toThrow(expect.objectContaining({ code: 'EIO' }));
  expect(causes).toMatchObject([{ name: 'InvalidStateError' }]);
});
