/**
 * The footer of a snapshot file: what the file holds and where. Pure.
 *
 *     footer  := CBOR map, hash, u32 size of the CBOR, closing magic
 *     hash    := BLAKE3 (u64 offset of the footer in the file · CBOR map)
 *
 * It is written last, so a file that does not end in one is a snapshot that never came to be.
 * docs/format.md lists the fields.
 */
import { bytesEqual, compareBytes, concatBytes, dataViewOf, utf8Encode } from '../bytes/bytes.ts';
import { type CborValue, encodeCbor } from '../bytes/cbor.ts';
import { CborFields } from '../bytes/cbor-fields.ts';
import { CHECKSUM_SIZE, checksum } from '../bytes/checksum.ts';
import { isStorableName, isToken } from '../wal/record.ts';
import { BLOCK_SIZE_MAX, BLOCK_SIZE_MIN, HASH_SIZE, LEVEL_MAX, MalformedError } from './block.ts';
import { HEADER_SIZE, identityFields, readIdentity, type SnapshotIdentity } from './format.ts';
import type { TreeRoot } from './tree-writer.ts';

/** What a footer may hold; a store keeps within it (docs/format.md, "Limits"). */
export const MAP_COUNT_MAX = 4096;
const BENEATH_COUNT_MAX = 4096;
const TOKEN_COUNT_MAX = 65_536;
export const FOOTER_SIZE_MAX = 16 << 20;

const CLOSING_MAGIC = Uint8Array.of(0x0a, 0x1a, 0x0a, 0x0d, 0x53, 0x57, 0x4f, 0x89);
const LENGTH_SIZE = 4;
/** What follows the CBOR map. */
export const FOOTER_TAIL_SIZE = CHECKSUM_SIZE + LENGTH_SIZE + CLOSING_MAGIC.length;
/** The head, start and key of the smallest entry. */
const ENTRY_SIZE_MIN = 3;

/** One map of the store, as of the snapshot. */
export interface SnapshotMap {
  readonly id: number;
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
  readonly quota?: number;
  /** Entries and bytes of the map in the whole state, not in this file. */
  readonly count: number;
  readonly bytes: number;
  /** Both absent when this file holds nothing of the map. */
  readonly entries?: TreeRoot;
  readonly sequences?: TreeRoot;
}

/** A snapshot that must be read below this one. */
export interface SnapshotBeneath {
  readonly generation: number;
  readonly root: Uint8Array;
}

/** A token that a commit carried. */
export interface SnapshotToken {
  readonly token: Uint8Array;
  readonly sequence: number;
}

export interface SnapshotFooter extends SnapshotIdentity {
  /** The last commit that is in the state, and the chain hash behind it. */
  readonly sequence: number;
  readonly chain: Uint8Array;
  /** Generation of the WAL that goes on from here. */
  readonly wal: number;
  /** Of the whole store. */
  readonly quota?: number;
  readonly nextMapId: number;
  /** In the order of their names' bytes. */
  readonly maps: readonly SnapshotMap[];
  /** Newest first; none beneath a full snapshot. */
  readonly beneath: readonly SnapshotBeneath[];
  /** The last ones, oldest first; absent where there are none. */
  readonly tokens?: readonly SnapshotToken[];
  /** Stands for all entries: equal for equal states, whatever their history. */
  readonly root: Uint8Array;
  /** Of the whole file. */
  readonly length: number;
}

/** Where a footer's CBOR is in its file. */
export interface FooterPlace {
  readonly offset: number;
  readonly fileLength: number;
}

/** The footer of the file whose blocks end at `offset`; `length` is worked out here. */
export function encodeFooter(
  footer: Omit<SnapshotFooter, 'length'>,
  offset: number,
): { readonly bytes: Uint8Array; readonly footer: SnapshotFooter } {
  let length = 0;
  for (;;) {
    const complete = { ...footer, length };
    const cbor = encodeCbor(footerFields(complete));
    const fileLength = offset + cbor.length + FOOTER_TAIL_SIZE;
    // A longer number may take more bytes, which makes the number longer: twice at most.
    if (fileLength === length) return { bytes: sealFooter(cbor, offset), footer: complete };
    length = fileLength;
  }
}

function sealFooter(cbor: Uint8Array, offset: number): Uint8Array {
  const size = new Uint8Array(LENGTH_SIZE);
  dataViewOf(size).setUint32(0, cbor.length, true);
  return concatBytes([cbor, hashFooter(cbor, offset), size, CLOSING_MAGIC]);
}

function hashFooter(cbor: Uint8Array, offset: number): Uint8Array {
  const place = new Uint8Array(8);
  dataViewOf(place).setBigUint64(0, BigInt(offset), true);
  return checksum([place, cbor]);
}

/** What the last bytes of a file say about its footer, before it is read. */
export interface FooterTail {
  /** Undefined when the file cannot end in a footer of that size. */
  readonly cborSize: number | undefined;
  readonly hash: Uint8Array;
  readonly isClosed: boolean;
}

/** `tail` are the last FOOTER_TAIL_SIZE bytes. */
export function decodeTail(tail: Uint8Array, fileLength: number): FooterTail {
  const cborSize = dataViewOf(tail).getUint32(CHECKSUM_SIZE, true);
  const room = fileLength - HEADER_SIZE - FOOTER_TAIL_SIZE;
  return {
    cborSize: cborSize <= Math.min(room, FOOTER_SIZE_MAX) ? cborSize : undefined,
    hash: tail.subarray(0, CHECKSUM_SIZE),
    isClosed: bytesEqual(tail.subarray(CHECKSUM_SIZE + LENGTH_SIZE), CLOSING_MAGIC),
  };
}

export function isFooter(cbor: Uint8Array, tail: FooterTail, offset: number): boolean {
  return bytesEqual(hashFooter(cbor, offset), tail.hash);
}

/** Throws MalformedError or CborError on what no writer of this format writes. */
export function decodeFooter(cbor: Uint8Array, place: FooterPlace): SnapshotFooter {
  const fields = CborFields.decode(cbor);
  const footer: SnapshotFooter = {
    ...readIdentity(fields),
    sequence: fields.unsigned('sequence'),
    chain: fields.bytes('chain', HASH_SIZE),
    wal: fields.unsigned('wal'),
    ...optionalQuota(fields),
    nextMapId: fields.unsigned('nextMapId'),
    maps: limited(fields, 'maps', MAP_COUNT_MAX).map(readMap),
    beneath: limited(fields, 'beneath', BENEATH_COUNT_MAX).map(readBeneath),
    ...optionalTokens(fields),
    root: fields.bytes('root', HASH_SIZE),
    length: fields.unsigned('length'),
  };
  const fault = faultOf(footer, place);
  if (fault !== undefined) throw new MalformedError(`footer: ${fault}`);
  return footer;
}

/** One hash for all entries, with the names and encodings of the maps that hold them. */
export function rootOf(maps: readonly SnapshotMap[]): Uint8Array {
  const none = new Uint8Array(HASH_SIZE);
  const leaves = maps.map((map) => [
    map.name,
    map.keyEncoding,
    map.valueEncoding,
    map.entries?.hash ?? none,
  ]);
  return checksum([encodeCbor(leaves)]);
}

export function compareNames(left: SnapshotMap, right: SnapshotMap): number {
  return compareBytes(utf8Encode(left.name), utf8Encode(right.name));
}

/** What is wrong with the footer, in words. The writer holds its own against it, too. */
export function faultOf(footer: SnapshotFooter, place: FooterPlace): string | undefined {
  if (footer.length !== place.fileLength) return 'length is not that of the file';
  if (footer.kind === 'full' && footer.beneath.length > 0)
    return 'something is beneath a full snapshot';
  let generation = footer.generation;
  for (const beneath of footer.beneath) {
    if (beneath.generation >= generation) return 'what is beneath is not older';
    generation = beneath.generation;
  }
  if (!bytesEqual(footer.root, rootOf(footer.maps))) return 'root is not that of the maps';
  const isTokenLate = footer.tokens?.some(({ sequence }) => sequence > footer.sequence) === true;
  if (isTokenLate) return 'a token is of a later commit';
  return faultOfMaps(footer) ?? faultOfTrees(footer.maps, place.offset);
}

function faultOfMaps(footer: SnapshotFooter): string | undefined {
  const { maps } = footer;
  if (footer.nextMapId === 0 || maps.some(({ id }) => id === 0)) return 'a map id is 0';
  if (new Set(maps.map((map) => map.id)).size !== maps.length) return 'two maps have one id';
  for (const [i, map] of maps.entries()) {
    const before = maps[i - 1];
    if (before !== undefined && compareNames(before, map) >= 0) return 'maps are not in order';
    if (map.id >= footer.nextMapId) return 'the next map id is taken';
    if ((map.entries === undefined) !== (map.sequences === undefined)) return 'a tree is missing';
    const held = map.entries?.count ?? 0;
    if (footer.kind === 'full' && held !== map.count) return 'entries are not as many as counted';
  }
  return undefined;
}

/** Trees stand one after the other between header and footer, those of entries first. */
function faultOfTrees(maps: readonly SnapshotMap[], footerOffset: number): string | undefined {
  const trees = [...maps.map((map) => map.entries), ...maps.map((map) => map.sequences)];
  let end = HEADER_SIZE;
  for (const tree of trees) {
    if (tree === undefined) continue;
    if (tree.offset < end) return 'trees are not in order';
    end = tree.offset + tree.length;
    if (end > footerOffset) return 'a tree passes the footer';
    if (tree.length < BLOCK_SIZE_MIN || tree.length > BLOCK_SIZE_MAX)
      return 'a root has a wrong length';
    if (tree.height > LEVEL_MAX) return 'a tree is too high';
    if (tree.count === 0 || tree.count * ENTRY_SIZE_MIN > end) return 'a tree has a wrong count';
  }
  return end === footerOffset ? undefined : 'something stands between trees and footer';
}

function limited(fields: CborFields, name: string, countMax: number): CborFields[] {
  if (fields.array(name).length > countMax) throw new MalformedError(`footer: too many ${name}`);
  return fields.all(name);
}

function readMap(fields: CborFields): SnapshotMap {
  return {
    id: fields.unsigned('id'),
    name: readName(fields, 'name'),
    keyEncoding: readName(fields, 'keyEncoding'),
    valueEncoding: readName(fields, 'valueEncoding'),
    ...optionalQuota(fields),
    count: fields.unsigned('count'),
    bytes: fields.unsigned('bytes'),
    ...(fields.has('entries') ? { entries: readTree(fields.fields('entries')) } : {}),
    ...(fields.has('sequences') ? { sequences: readTree(fields.fields('sequences')) } : {}),
  };
}

function readName(fields: CborFields, field: string): string {
  const name = fields.text(field);
  if (isStorableName(name)) return name;
  throw new MalformedError(`${field} of a map is empty or too long`);
}

function readTree(fields: CborFields): TreeRoot {
  return {
    offset: fields.unsigned('offset'),
    length: fields.unsigned('length'),
    hash: fields.bytes('hash', HASH_SIZE),
    count: fields.unsigned('count'),
    height: fields.unsigned('height'),
  };
}

function readBeneath(fields: CborFields): SnapshotBeneath {
  return { generation: fields.unsigned('generation'), root: fields.bytes('root', HASH_SIZE) };
}

function optionalQuota(fields: CborFields): { readonly quota?: number } {
  return fields.has('quota') ? { quota: fields.unsigned('quota') } : {};
}

function optionalTokens(fields: CborFields): { readonly tokens?: readonly SnapshotToken[] } {
  if (!fields.has('tokens')) return {};
  const tokens = fields.array('tokens');
  if (tokens.length > TOKEN_COUNT_MAX) throw new MalformedError('footer: too many tokens');
  return { tokens: tokens.map(readToken) };
}

function readToken(value: CborValue): SnapshotToken {
  const [token, sequence, ...rest] = Array.isArray(value) ? (value as CborValue[]) : [];
  const isWhole = isToken(token) && typeof sequence === 'number' && sequence > 0;
  if (!isWhole || rest.length > 0) throw new MalformedError('footer: no token');
  return { token, sequence };
}

function footerFields(footer: SnapshotFooter): { readonly [key: string]: CborValue } {
  return {
    ...identityFields(footer),
    sequence: footer.sequence,
    chain: footer.chain,
    wal: footer.wal,
    ...(footer.quota === undefined ? {} : { quota: footer.quota }),
    nextMapId: footer.nextMapId,
    maps: footer.maps.map(mapFields),
    beneath: footer.beneath.map(({ generation, root }) => ({ generation, root })),
    ...(footer.tokens === undefined
      ? {}
      : { tokens: footer.tokens.map(({ token, sequence }) => [token, sequence]) }),
    root: footer.root,
    length: footer.length,
  };
}

function mapFields(map: SnapshotMap): { readonly [key: string]: CborValue } {
  return {
    id: map.id,
    name: map.name,
    keyEncoding: map.keyEncoding,
    valueEncoding: map.valueEncoding,
    ...(map.quota === undefined ? {} : { quota: map.quota }),
    count: map.count,
    bytes: map.bytes,
    ...(map.entries === undefined ? {} : { entries: treeFields(map.entries) }),
    ...(map.sequences === undefined ? {} : { sequences: treeFields(map.sequences) }),
  };
}

function treeFields({ offset, length, hash, count, height }: TreeRoot): {
  readonly [key: string]: CborValue;
} {
  return { offset, length, hash, count, height };
}
