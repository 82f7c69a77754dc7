/**
 * What a file of the pool says of itself, read without opening it.
 *
 * Firefox syncs records of its own when an access handle is opened and when it is closed, a dozen
 * times altogether. So there the files that are free stay closed until they are needed.
 */
import { isZero } from '../bytes/bytes.ts';
import type { FileHandle } from './browser.ts';
import { CONTENT_OFFSET, RECORD_OFFSETS } from './opfs-slot.ts';
import { decodeSlotRecord, SLOT_RECORD_SIZE } from './slot-record.ts';

/**
 * The serial of a file that is free on the medium; undefined for any other, and where that cannot
 * be told. The second copy of a record is only written when the first is on the medium: if both
 * say so, it is.
 */
export async function serialOfFree(file: FileHandle): Promise<number | undefined> {
  const content = await (file.getFile as NonNullable<FileHandle['getFile']>)();
  const bytes = new Uint8Array(await content.slice(0, CONTENT_OFFSET).arrayBuffer());
  if (isZero(bytes)) return content.size <= CONTENT_OFFSET ? 0 : undefined;
  const [first, second] = RECORD_OFFSETS.map((at) =>
    decodeSlotRecord(bytes.subarray(at, at + SLOT_RECORD_SIZE)),
  );
  if (typeof first !== 'object' || typeof second !== 'object') return undefined;
  const isFree = first.name === undefined && second.name === undefined;
  return isFree && first.serial === second.serial ? first.serial : undefined;
}
