/**
 * Small Bitcoin blocks, made without the code under test. Without proof of work: nobody looks.
 */
import { createHash } from 'node:crypto';

interface Output {
  readonly amount: bigint;
  readonly script: Uint8Array;
}
export interface Transaction {
  readonly inputs: readonly {
    readonly txid: Uint8Array;
    readonly index: number;
    script?: number[];
  }[];
  readonly outputs: readonly Output[];
  readonly hasWitnesses?: true;
}

export const NO_HASH = new Uint8Array(32);
const OP_RETURN = 0x6a;
export const SPLIT = {
  inputs: [{ txid: txidOf(coinbase(1)), index: 0 }],
  outputs: [coin(30n), coin(20n), { amount: 0n, script: Uint8Array.of(OP_RETURN) }],
} as const;
export const JOIN = {
  inputs: [{ txid: txidOf(SPLIT), index: 0 }],
  outputs: [coin(29n)],
  hasWitnesses: true,
} as const;
export const CHAIN = chainedBlocks();

export function fileOf(chain: readonly Uint8Array[]): Uint8Array {
  return joined(...chain.flatMap((block) => [[0xfa, 0xbf, 0xb5, 0xda], u32(block.length), block]));
}

/** A block of new coins; another; one that splits the second's coins and spends a part of them. */
function chainedBlocks() {
  const first = blockOf(NO_HASH, [coinbase(0)]);
  const second = blockOf(doubleHash(first.subarray(0, 80)), [coinbase(1)]);
  const third = blockOf(doubleHash(second.subarray(0, 80)), [coinbase(2), SPLIT, JOIN]);
  return [first, second, third] as const;
}

export function blockOf(previous: Uint8Array, transactions: readonly Transaction[]): Uint8Array {
  const root = merkleRoot(transactions.map(txidOf));
  const header = joined(u32(1), previous, root, new Uint8Array(12));
  return joined(header, [transactions.length], ...transactions.map((t) => bytesOf(t)));
}

export function coinbase(number: number, amount = 50n): Transaction {
  return {
    inputs: [{ txid: NO_HASH, index: 0xffffffff, script: [number] }],
    outputs: [coin(amount)],
  };
}

export function coin(amount: bigint): Output {
  return { amount, script: Uint8Array.of(0x51) };
}

export function txidOf({ inputs, outputs }: Transaction): Uint8Array {
  return doubleHash(bytesOf({ inputs, outputs }));
}

export function outpointOf(transaction: Transaction, index: number): Uint8Array {
  return joined(txidOf(transaction), u32(index).reverse());
}

function bytesOf({ inputs, outputs, hasWitnesses }: Transaction): Uint8Array {
  return joined(
    u32(2),
    hasWitnesses ? [0, 1] : [],
    [inputs.length],
    ...inputs.map(({ txid, index, script = [] }) =>
      joined(txid, u32(index), [script.length], script, u32(0)),
    ),
    [outputs.length],
    ...outputs.map(({ amount, script }) => joined(u64(amount), [script.length], script)),
    ...(hasWitnesses ? inputs.map(() => [2, 1, 0xaa, 0]) : []),
    u32(0),
  );
}

function merkleRoot(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length <= 1) return hashes[0] ?? NO_HASH;
  const pairs = [];
  for (let i = 0; i < hashes.length; i += 2) {
    pairs.push(doubleHash(joined(hashes[i]!, hashes[i + 1] ?? hashes[i]!)));
  }
  return merkleRoot(pairs);
}

function doubleHash(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}

export function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
