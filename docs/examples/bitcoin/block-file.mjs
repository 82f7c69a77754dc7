// @ts-check
/**
 * Reads a Bitcoin block file: blocks of one network, each the successor of the one before it.
 *
 *     file   := record*
 *     record := magic:u32 length:u32 block:u8[length]
 *
 * A cut or damaged file is an InputError that says where; no part of it is used.
 */
import { readFileSync } from 'node:fs';
import { InputError } from '../input-error.mjs';
import { parseBlock } from './block.mjs';
import { ByteReader } from './byte-reader.mjs';

/** @import { Block } from './block.mjs' */

/**
 * @typedef {object} Chain
 * @property {Block[]} blocks
 * @property {number} firstHeight
 * @property {boolean} isWhole nothing is before it, so it can only spend coins of its own
 */

const NO_HASH = '00'.repeat(32);
/** Of the first block of the main network, which every node knows without reading it. */
const GENESIS_HASH = '6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000';
const HEIGHT_SIZE_MAX = 4;

/** @param {string} path @returns {Uint8Array[]} raw blocks */
export function readRecords(path) {
  try {
    return within(path, () => splitRecords(readFileSync(path)));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${path} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** @param {string} path @returns {Chain} */
export function readChain(path) {
  const records = readRecords(path);
  return within(path, () => chainOf(records));
}

/** @param {Uint8Array} file @returns {Uint8Array[]} views into it */
export function splitRecords(file) {
  const reader = new ByteReader(file);
  const records = [];
  let network;
  while (reader.left > 0) {
    const magic = reader.u32('the magic of a network');
    network ??= magic;
    if (magic !== network) reader.fail('here must be the next block of the same network');
    records.push(reader.take(reader.u32('the length of a block'), 'a block'));
  }
  if (network === undefined) reader.fail('the file is empty');
  return records;
}

/** @param {readonly Uint8Array[]} records @returns {Chain} */
export function chainOf(records) {
  const blocks = records.map((record, i) =>
    within(`block ${i + 1} of the file`, () => parseBlock(record)),
  );
  for (const [i, { previous }] of blocks.entries()) {
    if (i > 0 && previous !== blocks[i - 1]?.hash)
      throw new InputError(`block ${i + 1} of the file does not follow the one before it`);
  }
  const [first] = blocks;
  if (first === undefined) throw new InputError('a file without blocks');
  const isWhole = first.previous === NO_HASH || first.previous === GENESIS_HASH;
  return { blocks, firstHeight: heightOf(first), isWhole };
}

/**
 * From version 2 on, the first input script of a block begins with its height (BIP 34). Before, the
 * height is the number of blocks before it, which only the first two can tell.
 *
 * @param {Block} block
 */
function heightOf({ previous, header, transactions }) {
  if (previous === NO_HASH) return 0;
  const [size = 0, ...rest] = transactions[0]?.inputs[0]?.script ?? [];
  const isTold = new DataView(header.buffer, header.byteOffset).getInt32(0, true) >= 2;
  if (!isTold || size === 0 || size > Math.min(HEIGHT_SIZE_MAX, rest.length)) return 1;
  return rest.slice(0, size).reduceRight((height, byte) => height * 256 + byte, 0);
}

/**
 * @template T
 * @param {string} place
 * @param {() => T} read
 * @returns {T}
 */
function within(place, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${place}: ${error.message}`);
    throw error;
  }
}
