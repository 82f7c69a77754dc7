/** Golden stores in which one file is of a version to come, under right checksums. */
import { concatBytes, dataViewOf, EMPTY_BYTES } from '../../../src/bytes/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../../../src/bytes/cbor.ts';
import { CHECKSUM_SIZE, checksum } from '../../../src/bytes/checksum.ts';
import { FORMAT_VERSION, type FormatVersion } from '../../../src/bytes/format-version.ts';
import type { File } from '../../../src/fs/file-system.ts';
import { encodeFooter } from '../../../src/snapshot/footer.ts';
import { encodeHeader, HEADER_SIZE } from '../../../src/snapshot/format.ts';
import { readEnds } from '../../../src/snapshot/snapshot-open.ts';
import { BufferedFile } from '../../../src/wal/buffered-file.ts';
import { frameSize, sealFrame } from '../../../src/wal/frame.ts';
import { decodeWalHeader, WAL_HEADER_COPY_SIZE } from '../../../src/wal/wal-header.ts';
import { scanWal } from '../../../src/wal/wal-reader.ts';
import type { GoldenStore } from '../rot/golden-stores.ts';
import { type Files, shown } from '../rot/plain-files.ts';

/** What the format page says of it: `too new` to write or to read, or `passed over`. */
export interface NewerStore {
  readonly kind: string;
  readonly text: string;
  readonly files: Files;
  readonly reading: 'too new' | 'passed over';
  readonly writing: 'too new' | 'passed over';
}

type Rule = Pick<NewerStore, 'reading' | 'writing'>;

const TOO_NEW: Rule = { reading: 'too new', writing: 'too new' };
const TO_READ: Rule = { reading: 'passed over', writing: 'too new' };
const PASSED_OVER: Rule = { reading: 'passed over', writing: 'passed over' };

const FORMATS: readonly (readonly [Partial<FormatVersion>, Rule])[] = [
  [{ major: 2 }, TOO_NEW],
  [{ major: 2 ** 53 - 1, minor: 2 ** 53 - 1 }, TOO_NEW],
  [{ major: 2, readOnlyCompatible: ['x'], compatible: ['x'] }, TOO_NEW],
  [{ incompatible: ['x'] }, TOO_NEW],
  [{ incompatible: Array.from({ length: 7 }, (_, i) => `f${i}`) }, TOO_NEW],
  [{ readOnlyCompatible: ['x'] }, TO_READ],
  [{ readOnlyCompatible: ['x', 'y'], minor: 3 }, TO_READ],
  [{ minor: 1 }, PASSED_OVER],
  [{ minor: 2 ** 53 - 1, compatible: ['x', 'y'] }, PASSED_OVER],
];
/** Unknown ones with this bit are passed over. */
const OPTIONAL_TYPE = 0x80;
const KNOWN_TYPES = 5;

export function newerStores(store: GoldenStore): NewerStore[] {
  return [
    ...[...store.files.keys()].flatMap((name) => {
      return FORMATS.flatMap(([format, rule]) => filesOfFormat(store, name, { format, rule }));
    }),
    ...frameTypes(store),
  ];
}

function filesOfFormat(
  { files }: GoldenStore,
  name: string,
  { format, rule }: { readonly format: Partial<FormatVersion>; readonly rule: Rule },
): NewerStore[] {
  const bytes = files.get(name) ?? EMPTY_BYTES;
  const version = { ...FORMAT_VERSION, ...format };
  const changed = name.endsWith('.wal')
    ? walsOf(bytes, version)
    : name.endsWith('.snap')
      ? snapshotsOf(bytes, version)
      : [];
  return changed
    .filter(({ isWhole }) => isWhole || rule === TOO_NEW)
    .map(({ place, bytes: newer }) => ({
      kind: `${place} of another version`,
      text: `${name}: ${JSON.stringify(format)} in its ${place}`,
      files: new Map(files).set(name, newer),
      ...rule,
    }));
}

interface Changed {
  readonly place: string;
  readonly bytes: Uint8Array;
  /** All that says so says the same: what contradicts itself is damage, unless it is newer. */
  readonly isWhole: boolean;
}

function walsOf(bytes: Uint8Array, format: FormatVersion): Changed[] {
  const both = bytes.slice();
  for (const start of [0, WAL_HEADER_COPY_SIZE]) sealCopy(both, start, format);
  const first = both.slice();
  first[WAL_HEADER_COPY_SIZE + 20] = 0xff;
  const second = both.slice();
  second[20] = 0xff;
  const cut = both.slice(0, WAL_HEADER_COPY_SIZE);
  return [
    { place: 'WAL header', bytes: both, isWhole: true },
    { place: 'first copy of a WAL header, the other rotten,', bytes: first, isWhole: true },
    { place: 'second copy of a WAL header, the other rotten,', bytes: second, isWhole: true },
    { place: 'WAL header, all else cut off,', bytes: cut, isWhole: false },
  ];
}

function sealCopy(bytes: Uint8Array, start: number, format: FormatVersion): void {
  const copy = bytes.subarray(start, start + WAL_HEADER_COPY_SIZE);
  const size = dataViewOf(copy).getUint32(8, true);
  const fields = decodeCbor(copy.subarray(12, 12 + size)) as { [name: string]: CborValue };
  const cbor = encodeCbor({ ...fields, format: { ...format }, toCome: true } as CborValue);
  copy.fill(0, 12);
  dataViewOf(copy).setUint32(8, cbor.length, true);
  copy.set(cbor, 12);
  copy.set(checksum([copy.slice(0, 12 + cbor.length)]), 12 + cbor.length);
}

function snapshotsOf(bytes: Uint8Array, format: FormatVersion): Changed[] {
  const ends = readEnds(shownFile(bytes));
  if (ends.state !== 'valid') throw new Error('a golden snapshot is sound');
  const { footer, footerOffset } = ends;
  const header = encodeHeader({ ...footer, format });
  const newer = encodeFooter({ ...footer, format }, footerOffset).bytes;
  const blocks = bytes.subarray(HEADER_SIZE, footerOffset);
  const rotten = bytes.slice(0, HEADER_SIZE).fill(0xff, 20, 20 + CHECKSUM_SIZE);
  const [oldHeader, oldFooter] = [bytes.subarray(0, HEADER_SIZE), bytes.subarray(footerOffset)];
  return [
    { place: 'snapshot', bytes: concatBytes([header, blocks, newer]), isWhole: true },
    { place: 'header', bytes: concatBytes([header, blocks, oldFooter]), isWhole: false },
    { place: 'footer', bytes: concatBytes([oldHeader, blocks, newer]), isWhole: false },
    {
      place: 'footer, the header rotten,',
      bytes: concatBytes([rotten, blocks, newer]),
      isWhole: false,
    },
    { place: 'header, all else cut off,', bytes: header, isWhole: false },
  ];
}

/** A frame of every type there may be behind the last one of the newest WAL. */
function frameTypes({ files, newestWal }: GoldenStore): NewerStore[] {
  const bytes = files.get(newestWal) ?? EMPTY_BYTES;
  const read = decodeWalHeader(bytes);
  if (read.kind !== 'header') throw new Error('the header of a golden WAL is sound');
  const { header } = read;
  const { tip, watermark, end } = scanWal(new BufferedFile(shownFile(bytes)), header);
  // Nothing may stand behind End, of whatever type.
  if (end !== undefined) return [];
  return Array.from({ length: 256 }, (_, type) => type)
    .filter((type) => type === 0 || type > KNOWN_TYPES)
    .map((type) => {
      const body = Uint8Array.of(0);
      const frame = new Uint8Array(frameSize(body.length));
      const fields = { type, isContinuation: false, sequence: tip.sequence, durable: watermark };
      const place = { offset: tip.offset, key: header.key };
      sealFrame(frame, { header: { ...fields, previous: tip.chain }, body }, place);
      const whole = concatBytes([bytes.subarray(0, tip.offset), frame]);
      const rule = (type & OPTIONAL_TYPE) === 0 ? TOO_NEW : PASSED_OVER;
      const text = `${newestWal}: a frame of type ${type}`;
      return {
        kind: 'frame of another type',
        text,
        files: new Map(files).set(newestWal, whole),
        ...rule,
      };
    });
}

function shownFile(bytes: Uint8Array): File {
  const file = shown(new Map([['file', bytes]])).open('file', 'read');
  if (file instanceof Promise) throw new Error('shown files answer at once');
  return file;
}
