/**
 * Changes of a snapshot that its hashes do not notice: blocks, header and footer are changed, and
 * every hash above them is made again, from the blocks up through the pages to the root.
 */
import { concatBytes, dataViewOf } from '../../src/bytes/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../../src/bytes/cbor.ts';
import { CHECKSUM_SIZE, checksum } from '../../src/bytes/checksum.ts';
import {
  CHECK_SIZE,
  HASH_SIZE,
  HEAD_SIZE,
  hashBlock,
  LEVEL_MAX,
  POINTER_SIZE,
} from '../../src/snapshot/block.ts';
import { FOOTER_TAIL_SIZE } from '../../src/snapshot/footer.ts';
import { HEADER_SIZE, MAGIC } from '../../src/snapshot/format.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import { mutateBytes, mutateInPlace, notableNumber, pick } from '../driver/mutation.ts';
import { mutateValue } from './cbor-edit.ts';

type Fields = { [name: string]: CborValue };

interface LooseSnapshot {
  header: Uint8Array;
  /** From the end of the header to the footer. */
  blocks: Uint8Array;
  footer: Fields;
}

interface Tree {
  readonly fields: Fields;
  readonly offset: number;
  readonly length: number;
}

/** Walks of crafted trees end. */
const BLOCK_COUNT_MAX = 400;

export function mutateSnapshot(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const snapshot = takeApart(bytes);
  if (snapshot === undefined) return mutateBytes(bytes, random);
  for (let left = 1 + random.below(3); left > 0; left--) editOnce(snapshot, random);
  const whole = putTogether(snapshot);
  if (whole === undefined || random.below(12) === 0) return mutateBytes(whole ?? bytes, random);
  return whole;
}

/** The same content under right hashes and lengths, as far as it can be taken apart. */
export function sealSnapshot(bytes: Uint8Array): Uint8Array {
  const snapshot = takeApart(bytes);
  return (snapshot && putTogether(snapshot)) ?? bytes;
}

function editOnce(snapshot: LooseSnapshot, random: SeededRandom): void {
  const kind = random.below(10);
  if (kind < 2) snapshot.footer = mutateFooter(snapshot.footer, random);
  else if (kind === 2) editHeader(snapshot, random);
  else editBlock(snapshot, random);
}

function mutateFooter(footer: Fields, random: SeededRandom): Fields {
  const changed = mutateValue(footer, random);
  return isFields(changed) ? changed : footer;
}

/** Most of the time it stays what the footer says, too. */
function editHeader(snapshot: LooseSnapshot, random: SeededRandom): void {
  if (random.below(3) === 0) {
    mutateInPlace(snapshot.header, random);
    return;
  }
  const { format, store, generation, kind } = snapshot.footer;
  const identity = { format, store, generation, kind } as Fields;
  const name = pick(Object.keys(identity), random);
  identity[name] = mutateValue(identity[name] ?? null, random);
  Object.assign(snapshot.footer, random.below(4) === 0 ? {} : identity);
  const cbor = tryEncode(identity) ?? new Uint8Array(0);
  const header = new Uint8Array(HEADER_SIZE);
  const end = MAGIC.length + 4 + cbor.length;
  if (end + CHECKSUM_SIZE > HEADER_SIZE) return;
  header.set(MAGIC);
  dataViewOf(header).setUint32(MAGIC.length, cbor.length, true);
  header.set(cbor, MAGIC.length + 4);
  header.set(checksum([header.subarray(0, end)]), end);
  snapshot.header = header;
}

function editBlock(snapshot: LooseSnapshot, random: SeededRandom): void {
  const blocks = [...treesOf(snapshot.footer)].flatMap((tree) => blocksOf(snapshot, tree));
  if (blocks.length === 0) return;
  const block = pick(blocks, random);
  const view = dataViewOf(block);
  const entriesSize = view.getUint32(0, true);
  switch (random.below(6)) {
    case 0:
      mutateInPlace(block.subarray(0, HEAD_SIZE), random);
      break;
    case 1:
      mutateInPlace(block.subarray(HEAD_SIZE + entriesSize), random);
      break;
    case 2:
      editPointer(block, random);
      break;
    default:
      mutateInPlace(block.subarray(HEAD_SIZE, HEAD_SIZE + entriesSize), random);
  }
}

function editPointer(block: Uint8Array, random: SeededRandom): void {
  const at = pick([...pointersOf(block)], random);
  if (block[4] === 0 || at === undefined) {
    mutateInPlace(block, random);
    return;
  }
  const view = dataViewOf(block);
  const field = pick([0, 6, 10], random);
  const old = view.getUint32(at + field, true);
  const next = random.isHeads() ? old + random.below(5) - 2 : notableNumber(random);
  view.setUint32(at + field, next >>> 0, true);
}

function takeApart(bytes: Uint8Array): LooseSnapshot | undefined {
  const tail = bytes.length - FOOTER_TAIL_SIZE;
  if (tail < HEADER_SIZE) return undefined;
  const size = dataViewOf(bytes).getUint32(tail + CHECKSUM_SIZE, true);
  const offset = tail - size;
  if (offset < HEADER_SIZE) return undefined;
  const footer = tryDecode(bytes.subarray(offset, tail));
  if (!isFields(footer)) return undefined;
  return { header: bytes.slice(0, HEADER_SIZE), blocks: bytes.slice(HEADER_SIZE, offset), footer };
}

function putTogether(snapshot: LooseSnapshot): Uint8Array | undefined {
  let left = BLOCK_COUNT_MAX;
  const isRoomLeft = (): boolean => left-- > 0;
  for (const { fields, offset, length } of treesOf(snapshot.footer)) {
    const hash = sealTree(snapshot, { offset, length, depth: 0 }, isRoomLeft);
    if (hash !== undefined) fields.hash = hash;
  }
  const { header, blocks, footer } = snapshot;
  footer.root = rootOf(footer) ?? footer.root ?? null;
  const offset = HEADER_SIZE + blocks.length;
  for (let length = 0; ; ) {
    const cbor = tryEncode({ ...footer, length });
    if (cbor === undefined) return undefined;
    const whole = offset + cbor.length + FOOTER_TAIL_SIZE;
    if (whole === length) return concatBytes([header, blocks, cbor, tailOf(cbor, offset)]);
    length = whole;
  }
}

function tailOf(cbor: Uint8Array, offset: number): Uint8Array {
  const size = new Uint8Array(4);
  dataViewOf(size).setUint32(0, cbor.length, true);
  return concatBytes([checksum([placeOf(offset), cbor]), size, MAGIC.slice().reverse()]);
}

/** Seals what is below a block, then the block; returns its hash. */
function sealTree(
  snapshot: LooseSnapshot,
  at: { readonly offset: number; readonly length: number; readonly depth: number },
  isRoomLeft: () => boolean,
): Uint8Array | undefined {
  const block = blockAt(snapshot, at);
  if (block === undefined || at.depth > LEVEL_MAX || !isRoomLeft()) return undefined;
  if (block[4] !== 0) {
    for (const pointer of pointersOf(block)) {
      const child = { ...childOf(block, pointer), depth: at.depth + 1 };
      const hash = sealTree(snapshot, child, isRoomLeft);
      if (hash !== undefined) block.set(hash, pointer + POINTER_SIZE - HASH_SIZE);
    }
  }
  const end = block.length - CHECK_SIZE;
  const hash = hashBlock(concatBytes([placeOf(at.offset), block.subarray(0, end)]));
  block.set(hash.subarray(0, CHECK_SIZE), end);
  return hash;
}

function blocksOf(snapshot: LooseSnapshot, tree: Tree): Uint8Array[] {
  const found: Uint8Array[] = [];
  const visit = (at: { readonly offset: number; readonly length: number }, depth: number): void => {
    const block = blockAt(snapshot, at);
    if (block === undefined || depth > LEVEL_MAX || found.length > BLOCK_COUNT_MAX) return;
    found.push(block);
    if (block[4] === 0) return;
    for (const pointer of pointersOf(block)) visit(childOf(block, pointer), depth + 1);
  };
  visit(tree, 0);
  return found;
}

function blockAt(
  { blocks }: LooseSnapshot,
  { offset, length }: { readonly offset: number; readonly length: number },
): Uint8Array | undefined {
  const start = offset - HEADER_SIZE;
  const isWithin = start >= 0 && start + length <= blocks.length;
  return isWithin && length >= HEAD_SIZE + CHECK_SIZE
    ? blocks.subarray(start, start + length)
    : undefined;
}

/** Where in a page its pointers stand, as far as its starts can be believed. */
function* pointersOf(block: Uint8Array): Generator<number> {
  const view = dataViewOf(block);
  const entriesEnd = HEAD_SIZE + view.getUint32(0, true);
  const width = block[5] === 4 ? 4 : 2;
  const count = Math.min(view.getUint32(8, true), block.length);
  for (let i = 0; i < count; i++) {
    const at = entriesEnd + width * (i + 1);
    if (at + width > block.length) return;
    const next = width === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
    const end = i + 1 < count ? HEAD_SIZE + next : entriesEnd;
    if (end - POINTER_SIZE >= HEAD_SIZE && end <= block.length) yield end - POINTER_SIZE;
  }
}

function childOf(
  block: Uint8Array,
  pointer: number,
): { readonly offset: number; readonly length: number } {
  const view = dataViewOf(block);
  const offset = view.getUint32(pointer, true) + view.getUint16(pointer + 4, true) * 2 ** 32;
  return { offset, length: view.getUint32(pointer + 6, true) };
}

function* treesOf(footer: Fields): Generator<Tree> {
  const maps = Array.isArray(footer.maps) ? (footer.maps as readonly CborValue[]) : [];
  for (const map of maps) {
    if (!isFields(map)) continue;
    for (const fields of [map.entries, map.sequences]) {
      if (!isFields(fields)) continue;
      const { offset, length } = fields;
      if (typeof offset === 'number' && typeof length === 'number')
        yield { fields, offset, length };
    }
  }
}

function rootOf(footer: Fields): Uint8Array | undefined {
  if (!Array.isArray(footer.maps)) return undefined;
  const leaves = (footer.maps as readonly CborValue[]).map((map) => {
    if (!isFields(map)) return null;
    const hash = isFields(map.entries) ? map.entries.hash : undefined;
    const { name = null, keyEncoding = null, valueEncoding = null } = map;
    return [name, keyEncoding, valueEncoding, hash ?? new Uint8Array(HASH_SIZE)];
  });
  const cbor = tryEncode(leaves);
  return cbor && checksum([cbor]);
}

function placeOf(offset: number): Uint8Array {
  const place = new Uint8Array(8);
  dataViewOf(place).setBigUint64(0, BigInt(offset), true);
  return place;
}

function tryDecode(bytes: Uint8Array): CborValue | undefined {
  try {
    return decodeCbor(bytes);
  } catch {
    return undefined;
  }
}

/** Undefined where an integer was made that has no bytes. */
function tryEncode(value: CborValue): Uint8Array | undefined {
  try {
    return encodeCbor(value);
  } catch {
    return undefined;
  }
}

function isFields(value: CborValue | undefined): value is Fields {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && !Array.isArray(value) && !(value instanceof Uint8Array);
}
