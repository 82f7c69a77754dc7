/** One snapshot: its bytes, with zeros counted (formats/sparse.ts). */
import { checksumReady } from '../src/bytes/checksum.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import { mutateSnapshot, sealSnapshot } from './formats/snapshot-edit.ts';
import { pack, unpack } from './formats/sparse.ts';
import { examineOpening } from './oracles/opening.ts';
import { examineSnapshot } from './oracles/reading.ts';
import { smallSnapshots } from './seeds/snapshots.ts';
import { seedDirectories } from './seeds/stores.ts';

await checksumReady;

export function fuzz(data: Uint8Array): void {
  const bytes = unpack(data);
  examineSnapshot(bytes);
  examineOpening([{ name: '1.snap', bytes }]);
}

export function mutate(data: Uint8Array, random: SeededRandom): Uint8Array {
  return pack(mutateSnapshot(unpack(data), random));
}

export function repair(data: Uint8Array): Uint8Array {
  return pack(sealSnapshot(unpack(data)));
}

export async function seeds(): Promise<readonly Uint8Array[]> {
  const files = (await seedDirectories()).flat();
  const written = files.filter(({ name }) => name.endsWith('.snap')).map(({ bytes }) => bytes);
  return [...smallSnapshots(), ...written].map(pack);
}
