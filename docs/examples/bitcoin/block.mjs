// @ts-check
/**
 * Reads a raw Bitcoin block. It holds shapes, bounds and the Merkle root to what they must be; it
 * does not judge scripts, signatures or proof of work.
 *
 *     block        := header:u8[80] transactions:compactSize transaction*
 *     header       := version:i32 previous:u8[32] merkleRoot:u8[32] time:u32 bits:u32 nonce:u32
 *     transaction  := version:i32 [00 01] inputs:compactSize input* outputs:compactSize output*
 *                     [witness* one for each input] lockTime:u32
 *     input        := txid:u8[32] index:u32 script sequence:u32
 *     output       := amount:u64 script
 *     witness      := items:compactSize item*
 *     script, item := size:compactSize u8[size]
 *
 * The marker 00 01 announces the witnesses (BIP 144). A txid leaves out both.
 */
import { createHash } from 'node:crypto';
import { ByteReader } from './byte-reader.mjs';

/**
 * @typedef {object} Block
 * @property {string} hash in hex, first byte first
 * @property {string} previous
 * @property {Uint8Array} header
 * @property {Transaction[]} transactions the first makes the new coins
 */

/**
 * @typedef {object} Transaction
 * @property {Uint8Array} txid
 * @property {Input[]} inputs
 * @property {Output[]} outputs
 */

/**
 * The output of an earlier transaction that it spends, and the script that says by what right.
 *
 * @typedef {{ txid: Uint8Array, index: number, script: Uint8Array }} Input
 */

/** The amount is in satoshi. @typedef {{ amount: bigint, script: Uint8Array }} Output */

export const HASH_SIZE = 32;
const HEADER_SIZE = 80;
const PREVIOUS_OFFSET = 4;
const MERKLE_ROOT_OFFSET = PREVIOUS_OFFSET + HASH_SIZE;
const INPUT_SIZE_MIN = 41;
const OUTPUT_SIZE_MIN = 9;
const TRANSACTION_SIZE_MIN = 4 + 1 + INPUT_SIZE_MIN + 1 + OUTPUT_SIZE_MIN + 4;
const SEGWIT_MARKER = 0;
const SEGWIT_FLAG = 1;

/** The input of a transaction that makes new coins. */
const NO_TXID = '00'.repeat(HASH_SIZE);
const NO_INDEX = 0xffffffff;

const SATOSHI_PER_BITCOIN = 100_000_000n;
const AMOUNT_MAX = 21_000_000n * SATOSHI_PER_BITCOIN;

/** @param {Uint8Array} bytes @returns {Block} with views into `bytes` */
export function parseBlock(bytes) {
  const reader = new ByteReader(bytes);
  const header = reader.take(HEADER_SIZE, 'the header');
  const transactions = readList(reader, 'transactions', TRANSACTION_SIZE_MIN, readTransaction);
  if (reader.left > 0) reader.fail(`${reader.left} bytes follow the last transaction`);
  for (const [i, { inputs }] of transactions.entries()) checkInputs(reader, inputs, i === 0);
  if (merkleRoot(transactions) !== hashIn(header, MERKLE_ROOT_OFFSET)) {
    reader.fail('the transactions are not those of the Merkle root');
  }
  const previous = hashIn(header, PREVIOUS_OFFSET);
  return { hash: hex(doubleHash(header)), previous, header, transactions };
}

/** @param {ByteReader} reader @returns {Transaction} */
function readTransaction(reader) {
  const version = reader.take(4, 'a version');
  const hasWitnesses = readMarker(reader);
  const start = reader.offset;
  const inputs = readList(reader, 'inputs', INPUT_SIZE_MIN, readInput);
  const outputs = readList(reader, 'outputs', OUTPUT_SIZE_MIN, readOutput);
  const body = reader.bytes.subarray(start, reader.offset);
  if (hasWitnesses) for (const _ of inputs) skipWitness(reader);
  const lockTime = reader.take(4, 'a lock time');
  return { txid: doubleHash(version, body, lockTime), inputs, outputs };
}

/**
 * Every transaction has inputs, so a zero where their count is expected can only be the marker.
 *
 * @param {ByteReader} reader
 */
function readMarker(reader) {
  if (reader.bytes[reader.offset] !== SEGWIT_MARKER) return false;
  reader.byte('a marker');
  if (reader.byte('a flag') !== SEGWIT_FLAG) reader.fail('neither inputs nor witnesses');
  return true;
}

/** @param {ByteReader} reader @returns {Input} */
function readInput(reader) {
  const txid = reader.take(HASH_SIZE, 'a txid');
  const index = reader.u32('an output index');
  const script = reader.sizedBytes('an input script');
  reader.u32('a sequence number');
  return { txid, index, script };
}

/** @param {ByteReader} reader @returns {Output} */
function readOutput(reader) {
  const amount = reader.u64('an amount');
  if (amount > AMOUNT_MAX) reader.fail('an amount above 21 million bitcoin');
  return { amount, script: reader.sizedBytes('an output script') };
}

/** @param {ByteReader} reader */
function skipWitness(reader) {
  const count = reader.count('witness items', 1);
  for (let i = 0; i < count; i++) reader.sizedBytes('a witness item');
}

/**
 * @template T
 * @param {ByteReader} reader
 * @param {string} what
 * @param {number} sizeMin of an item
 * @param {(reader: ByteReader) => T} readItem
 */
function readList(reader, what, sizeMin, readItem) {
  const count = reader.count(what, sizeMin);
  if (count === 0) reader.fail(`no ${what}`);
  const items = [];
  for (let i = 0; i < count; i++) items.push(readItem(reader));
  return items;
}

/** @param {ByteReader} reader @param {Input[]} inputs @param {boolean} isFirst */
function checkInputs(reader, inputs, isFirst) {
  const empty = inputs.filter(({ txid, index }) => index === NO_INDEX && hex(txid) === NO_TXID);
  if (isFirst && (empty.length !== 1 || inputs.length !== 1))
    reader.fail('no new coins come first');
  if (!isFirst && empty.length > 0) reader.fail('only the first transaction makes new coins');
}

/** @param {Uint8Array} header @param {number} offset */
const hashIn = (header, offset) => hex(header.subarray(offset, offset + HASH_SIZE));

/**
 * Neighbours are hashed together, an odd last one with itself, until one hash is left.
 *
 * @param {readonly Transaction[]} transactions
 */
function merkleRoot(transactions) {
  let level = transactions.map(({ txid }) => txid);
  while (level.length > 1) {
    const lefts = level.filter((_, i) => i % 2 === 0);
    const rights = level.filter((_, i) => i % 2 === 1);
    level = lefts.map((left, i) => doubleHash(left, rights[i] ?? left));
  }
  return level.map(hex).join();
}

/** SHA-256 of SHA-256. @param {...Uint8Array} parts @returns {Uint8Array} */
function doubleHash(...parts) {
  const first = createHash('sha256');
  for (const part of parts) first.update(part);
  return createHash('sha256').update(first.digest()).digest();
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** @param {bigint} satoshi */
export function inBitcoin(satoshi) {
  const fraction = String(satoshi % SATOSHI_PER_BITCOIN).padStart(8, '0');
  return `${satoshi / SATOSHI_PER_BITCOIN}.${fraction} BTC`;
}
