/** Chance of the engine for fuzzing: the same for every input, so that a finding can be repeated. */
import { setHost } from '../../src/store/host.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

let random = new SeededRandom(1);

/** From here on the engine draws the same numbers again. */
export function restartChance(): void {
  random = new SeededRandom(1);
}

setHost({ environment: { randomBytes: (size) => random.bytes(size) } });
