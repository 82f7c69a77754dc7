/** The chance and the time of stores of onewal, while somebody's functions are explored. */
import { hostEnvironment, setHost } from '../../store/host.ts';
import { SeededRandom } from '../seeded-random.ts';

/** A store keeps what it found when it was opened: each `work` has chance of its own. */
export async function withSeededHost<T>(seed: number, work: () => Promise<T>): Promise<T> {
  const before = hostEnvironment();
  const random = new SeededRandom(seed);
  setHost({
    environment: {
      randomBytes: (size) => random.bytes(size),
      pause: () => Promise.resolve(),
      sleep: () => Promise.resolve(),
    },
  });
  try {
    return await work();
  } finally {
    setHost({ environment: before });
  }
}

let last: Promise<unknown> = Promise.resolve();

/** One after the other, because there is one host. */
export function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work);
  last = result.catch(() => undefined);
  return result;
}
