/** What tests of SimpleDb have in common. */
import { SimpleDb } from '../../src/facade/simple-db.ts';
import type { SimulatedDisk } from '../../src/testing/index.ts';
import { BufferedFile } from '../../src/wal/buffered-file.ts';
import { decodeWalHeader } from '../../src/wal/wal-header.ts';
import { scanWal } from '../../src/wal/wal-reader.ts';

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes of all files. */
export function sizeOf(disk: SimulatedDisk): number {
  return disk.names().reduce((size, name) => size + disk.readFile(name).length, 0);
}

export function newestFile(disk: SimulatedDisk, extension: '.wal' | '.snap'): string {
  const names = disk.names().filter((name) => name.endsWith(extension));
  return names
    .sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10))
    .at(-1) as string;
}

export interface FoundFrame {
  readonly offset: number;
  readonly type: number;
  readonly size: number;
}

export function framesOf(disk: SimulatedDisk, name: string): FoundFrame[] {
  const file = new BufferedFile(disk.open(name, 'read') as never);
  const read = decodeWalHeader(file.read(0, 8192));
  if (read.kind !== 'header') throw new Error('the WAL has no header');
  const frames: FoundFrame[] = [];
  scanWal(file, read.header, {
    onFrame: ({ offset, nextOffset, header }) =>
      frames.push({ offset, type: header.type, size: nextOffset - offset }),
  });
  file.close();
  return frames;
}

/** What the store writes when nothing else is to be done: Sync records. */
export function atRest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What a look at a disk comes to. */
export type Found =
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'reported'; readonly entries: Entries }
  | { readonly kind: 'silent'; readonly entries: Entries };
export type Entries = readonly (readonly [string, string])[];

/** Opens it; `reported` when the open counts and reports a loss. */
export async function lookAt(disk: SimulatedDisk): Promise<Found> {
  let db: SimpleDb;
  try {
    db = await SimpleDb.open(disk);
  } catch (error) {
    return { kind: 'refused', code: (error as { code?: string }).code ?? String(error) };
  }
  const entries = entriesOf(db);
  const isCounted = db.counters.wal_corrupt_recovery_total > 0;
  const isReported = db.loss !== undefined;
  await db.close();
  return { kind: isCounted && isReported ? 'reported' : 'silent', entries };
}

export function entriesOf(db: SimpleDb): Entries {
  const decoder = new TextDecoder();
  return db.keysWithPrefix('').map((key) => [key, decoder.decode(db.get(key))] as const);
}
