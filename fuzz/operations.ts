/** The bytes are a program of calls, carried out beside a plain model of the store. */
import { checksumReady } from '../src/bytes/checksum.ts';
import { SeededRandom } from '../src/testing/seeded-random.ts';
import { Recipe } from './formats/recipe.ts';
import { Program } from './model/program.ts';
import { restartChance } from './oracles/chance.ts';

await checksumReady;

const SEED_COUNT = 12;

export const limits = { inputSize: 512, milliseconds: 5000 };

export async function fuzz(data: Uint8Array): Promise<void> {
  restartChance();
  await new Program(new Recipe(data)).run();
}

export async function seeds(): Promise<readonly Uint8Array[]> {
  const random = new SeededRandom(5);
  return Array.from({ length: SEED_COUNT }, (_, i) => random.bytes(8 * (i + 1)));
}
