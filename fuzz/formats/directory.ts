/**
 * Several files as one input.
 *
 *     directory := (name size:varint name byte* · packed size:varint packed byte*)*
 *
 * Contents are packed as sparse.ts says. Every byte string is some directory.
 */
import { concatBytes, utf8Encode } from '../../src/bytes/bytes.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import { mutateBytes, pick } from '../driver/mutation.ts';
import { mutateSnapshot, sealSnapshot } from './snapshot-edit.ts';
import { pack, readVarint, unpack, varint } from './sparse.ts';
import { mutateWal, sealWal } from './wal-edit.ts';

export interface StoredFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const FILE_COUNT_MAX = 16;
const NAMES = [
  ...['1.wal', '2.wal', '3.wal', '4.wal', '1.snap', '2.snap', '3.snap', '4.snap', '5.snap'],
  ...['2.head', '9.head', '999999999999999.wal', '01.wal', 'reserve', 'lock', 'notes.txt'],
  ...['quarantine/2-1.wal-8488', '__proto__', '1.wal.tmp', '999999999999999.head'],
];

export function packDirectory(files: readonly StoredFile[]): Uint8Array {
  return concatBytes(
    files.flatMap(({ name, bytes }) => {
      const encodedName = utf8Encode(name);
      const packed = pack(bytes);
      return [varint(encodedName.length), encodedName, varint(packed.length), packed];
    }),
  );
}

/** Of two files of one name the later one counts. */
export function unpackDirectory(packed: Uint8Array): StoredFile[] {
  const files = new Map<string, StoredFile>();
  for (let at = 0; at < packed.length && files.size < FILE_COUNT_MAX; ) {
    const nameSize = readVarint(packed, at);
    const nameEnd = nameSize.end + nameSize.value;
    const contentSize = readVarint(packed, nameEnd);
    const name = new TextDecoder().decode(packed.subarray(nameSize.end, nameEnd));
    at = contentSize.end + contentSize.value;
    files.set(name, { name, bytes: unpack(packed.subarray(contentSize.end, at)) });
  }
  return [...files.values()];
}

export function mutateDirectory(packed: Uint8Array, random: SeededRandom): Uint8Array {
  const files = unpackDirectory(packed);
  for (let left = 1 + random.below(2); left > 0; left--) editOnce(files, random);
  return packDirectory(files);
}

/** Every file sealed again by what its name says it is. */
export function repairDirectory(packed: Uint8Array): Uint8Array {
  return packDirectory(
    unpackDirectory(packed).map(({ name, bytes }) => ({ name, bytes: sealFile(name, bytes) })),
  );
}

function sealFile(name: string, bytes: Uint8Array): Uint8Array {
  if (name.endsWith('.wal')) return sealWal(bytes);
  return name.endsWith('.snap') ? sealSnapshot(bytes) : bytes;
}

function editOnce(files: StoredFile[], random: SeededRandom): void {
  const at = random.below(files.length);
  const file = files[at];
  const kind = random.below(10);
  if (file === undefined) files.push({ name: pick(NAMES, random), bytes: random.bytes(9) });
  else if (kind === 0) files.splice(at, 1);
  else if (kind === 1) files[at] = { ...file, name: pick(NAMES, random) };
  else if (kind === 2) files.push({ ...file, name: pick(NAMES, random) });
  else if (kind === 3) files.push({ name: pick(NAMES, random), bytes: new Uint8Array(0) });
  else if (kind === 4)
    files[at] = { ...file, bytes: file.bytes.slice(0, random.below(file.bytes.length + 1)) };
  else files[at] = { ...file, bytes: mutateFile(file, random) };
}

function mutateFile({ name, bytes }: StoredFile, random: SeededRandom): Uint8Array {
  if (name.endsWith('.wal')) return mutateWal(bytes, random);
  if (name.endsWith('.snap')) return mutateSnapshot(bytes, random);
  return mutateBytes(bytes, random);
}
