/** The smallest input that still does what the large one did. */

/**
 * Takes pieces out, large ones first, then makes bytes zero. `accept` is asked about every such
 * input, at most `attemptCountMax` times: it returns the one that still does it, this or a repaired
 * one, or undefined.
 */
export async function minimise(
  input: Uint8Array,
  accept: (candidate: Uint8Array) => Promise<Uint8Array | undefined>,
  attemptCountMax = 2000,
): Promise<Uint8Array> {
  let smallest = input;
  let attemptCount = 0;
  const attempt = async (candidate: Uint8Array): Promise<void> => {
    if (attemptCount++ < attemptCountMax) smallest = (await accept(candidate)) ?? smallest;
  };
  for (let size = largestPower(input.length); size >= 1; size = Math.floor(size / 2)) {
    for (let at = smallest.length - size; at > -size; at -= size) {
      await attempt(without(smallest, Math.max(at, 0), size));
    }
  }
  for (let at = 0; at < smallest.length; at++) {
    if (smallest[at] !== 0) await attempt(withZero(smallest, at));
  }
  return smallest;
}

function largestPower(length: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(length, 1)));
}

function without(bytes: Uint8Array, at: number, size: number): Uint8Array {
  const left = new Uint8Array(Math.max(0, bytes.length - size));
  left.set(bytes.subarray(0, at));
  left.set(bytes.subarray(at + size), at);
  return left;
}

function withZero(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = 0;
  return changed;
}
