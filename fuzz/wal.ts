/** A store of one WAL: its bytes, with zeros counted (formats/sparse.ts). */
import { checksumReady } from '../src/bytes/checksum.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import { pack, unpack } from './formats/sparse.ts';
import { mutateWal, sealWal } from './formats/wal-edit.ts';
import { examineOpening } from './oracles/opening.ts';
import { seedDirectories } from './seeds/stores.ts';

await checksumReady;

export function fuzz(data: Uint8Array): void {
  examineOpening([{ name: '1.wal', bytes: unpack(data) }]);
}

export function mutate(data: Uint8Array, random: SeededRandom): Uint8Array {
  return pack(mutateWal(unpack(data), random));
}

export function repair(data: Uint8Array): Uint8Array {
  return pack(sealWal(unpack(data)));
}

export async function seeds(): Promise<readonly Uint8Array[]> {
  const files = (await seedDirectories()).flat();
  return files.filter(({ name }) => name.endsWith('.wal')).map(({ bytes }) => pack(bytes));
}
