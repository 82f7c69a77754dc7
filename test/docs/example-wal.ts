/** The WAL that docs/format.md prints: it continues the snapshot that stands there before it. */

import { utf8Encode } from '../../src/bytes/bytes.ts';
import { CborWriter } from '../../src/bytes/cbor.ts';
import { FORMAT_VERSION } from '../../src/bytes/format-version.ts';
import type { File } from '../../src/fs/file-system.ts';
import { writeFully } from '../../src/fs/file-system.ts';
import { runSync } from '../../src/fs/task.ts';
import { commitBody, encodeOperation, type Operation } from '../../src/wal/record.ts';
import { encodeWalHeader, type WalHeader } from '../../src/wal/wal-header.ts';
import { WalWriter } from '../../src/wal/wal-writer.ts';

export const EXAMPLE_HEADER: WalHeader = {
  format: FORMAT_VERSION,
  store: new Uint8Array(16).fill(0x55),
  generation: 3,
  key: new Uint8Array(32).fill(0x77),
  predecessor: {
    generation: 1,
    offset: 8944,
    sequence: 5,
    chain: new Uint8Array(32).fill(0xdd),
  },
  snapshot: 2,
  publishedAt: 5,
  publishedChain: new Uint8Array(32).fill(0xcc),
  loss: null,
};

/** Commit 6 writes to two maps, the second of which it defines; commit 7 removes a key. */
export const EXAMPLE_COMMITS: readonly (readonly Operation[])[] = [
  [
    { type: 'put', map: 1, key: utf8Encode('alice'), value: Uint8Array.of(0x09) },
    { type: 'define', map: 2, name: 'state', keyEncoding: 'ordered', valueEncoding: 'cbor' },
    { type: 'put', map: 2, key: utf8Encode('n'), value: Uint8Array.of(0x01) },
  ],
  [{ type: 'remove', map: 1, key: utf8Encode('bob') }],
];

/** Both commits are written together and synced; a Sync record says so; then the WAL is closed. */
export function writeExampleWal(file: File): void {
  writeFully(file, encodeWalHeader(EXAMPLE_HEADER), 0);
  const writer = new WalWriter(file, EXAMPLE_HEADER);
  for (const [i, operations] of EXAMPLE_COMMITS.entries()) {
    writer.stage({ sequence: 6 + i, bodies: [bodyOf(operations)] });
  }
  writer.writeStaged();
  runSync(writer.syncUpTo(writer.tip, () => undefined));
  writer.writeSync(EXAMPLE_HEADER.snapshot);
  writer.stageEnd(undefined);
  writer.writeStaged();
}

function bodyOf(operations: readonly Operation[]): Uint8Array {
  const writer = new CborWriter();
  for (const operation of operations) encodeOperation(writer, operation);
  return commitBody(writer.bytes(), operations.length);
}
