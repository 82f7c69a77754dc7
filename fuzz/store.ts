/** A directory of several files (formats/directory.ts). */
import { checksumReady } from '../src/bytes/checksum.ts';
import {
  mutateDirectory,
  packDirectory,
  repairDirectory,
  unpackDirectory,
} from './formats/directory.ts';
import { examineOpening } from './oracles/opening.ts';
import { seedDirectories } from './seeds/stores.ts';

await checksumReady;

export function fuzz(data: Uint8Array): void {
  examineOpening(unpackDirectory(data));
}

export const mutate = mutateDirectory;
export const repair = repairDirectory;

export async function seeds(): Promise<readonly Uint8Array[]> {
  return (await seedDirectories()).map(packDirectory);
}
