/** Damage that a medium, or somebody with a file manager, does to the files of a store. */
import type { SimulatedDisk } from '../../src/testing/index.ts';

const FIRST_FRAME = 8192;
const FOOTER_SIZE_ABOUT = 500;

/** The disk with one thing wrong, which is told. */
export interface Damaged {
  readonly disk: SimulatedDisk;
  readonly wrong: string;
}

export function damaged(disk: SimulatedDisk, next: () => number): Damaged | undefined {
  const below = (limit: number) => next() % limit;
  const names = disk.names().filter((name) => /\.(wal|snap|head)$/.test(name));
  const name = names[below(names.length || 1)];
  if (name === undefined) return undefined;
  const changed = disk.clone();
  const bytes = changed.readFile(name);
  if (bytes.length === 0 || below(12) === 0) {
    changed.remove(name);
    return { disk: changed, wrong: `${name} is gone` };
  }
  const from = name.endsWith('.wal') && below(8) > 0 ? Math.min(FIRST_FRAME, bytes.length - 1) : 0;
  const at = from + below(bytes.length - from);
  const kind = below(6);
  if (kind === 0) {
    changed.writeFile(name, bytes.subarray(0, at));
    return { disk: changed, wrong: `${name} is cut at ${at}` };
  }
  if (kind === 1) {
    changed.writeFile(name, bytes.fill(0, at, at + 512));
    return { disk: changed, wrong: `${name} is zero from ${at} on` };
  }
  changed.flipBit(name, at, below(8));
  return { disk: changed, wrong: `${name} has a bit flipped at ${at}` };
}

/** One bit flipped in a commit, in the blocks, in the footer: in each WAL and snapshot there is. */
export function flipsEverywhere(disk: SimulatedDisk, next: () => number): Damaged[] {
  const flips: Damaged[] = [];
  for (const name of disk.names()) {
    const { length } = disk.readFile(name);
    if (name.endsWith('.wal') && length > FIRST_FRAME) flips.push(flip(name, FIRST_FRAME, length));
    if (name.endsWith('.snap')) {
      flips.push(flip(name, 512, length - FOOTER_SIZE_ABOUT));
      flips.push(flip(name, length - FOOTER_SIZE_ABOUT, length));
    }
  }
  return flips;

  function flip(name: string, from: number, to: number): Damaged {
    const at = from + (next() % Math.max(1, to - from));
    const changed = disk.clone();
    changed.flipBit(name, at, next() % 8);
    return { disk: changed, wrong: `${name} has a bit flipped at ${at}` };
  }
}
