import { expect, test } from 'vitest';
import { decodeSlotRecord, encodeSlotRecord, SLOT_RECORD_SIZE } from '../../src/fs/slot-record.ts';

test.each([
  { serial: 1, name: '1.wal' },
  { serial: 2 ** 48 - 1, name: 'quarantine/1-1.wal-é' },
  { serial: 7, name: 'x'.repeat(208) },
  { serial: 3, name: undefined },
])('a record of $name reads back', (record) => {
  const bytes = encodeSlotRecord(record);

  expect(bytes).toHaveLength(SLOT_RECORD_SIZE);
  expect(decodeSlotRecord(bytes)).toEqual(record);
});

test('a name that does not fit is refused', () => {
  expect(() => encodeSlotRecord({ serial: 1, name: 'é'.repeat(105) })).toThrow(
    expect.objectContaining({ code: 'ENAMETOOLONG' }),
  );
});

test('what was never written is blank', () => {
  expect(decodeSlotRecord(new Uint8Array(SLOT_RECORD_SIZE))).toBe('blank');
});

test('a record with any bit flipped, or cut anywhere, is damaged', () => {
  const bytes = encodeSlotRecord({ serial: 5, name: '1.wal' });

  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(decodeSlotRecord(flipped), `bit ${bit}`).toBe('damaged');
  }
  for (let size = 1; size < bytes.length; size++) {
    const cut = new Uint8Array(SLOT_RECORD_SIZE);
    cut.set(bytes.subarray(0, size));
    expect(decodeSlotRecord(cut), `${size} bytes`).toBe('damaged');
  }
});
