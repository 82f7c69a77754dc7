/**
 * All that happens to the files of a golden store, as families of damages that can be asked for one
 * by one: so a piece of the proof makes only those that are its own.
 */
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { type Damage, type Family, listed, matters, type Unnamed, withFile } from './damage.ts';
import type { FramePlace, GoldenStore } from './golden-stores.ts';
import { otherFiles, wholeFiles } from './moved-files.ts';
import type { Files } from './plain-files.ts';

const SECTOR = 512;
const PAGE = 4096;

/** How densely the zeros are flipped of which most of a WAL header is made. */
export type Padding = 'every bit' | 'one bit a byte';
const PADDING_MARGIN = 16;
/** Of files that no state depends on, every so many bytes. */
const INDIFFERENT_STEP = 997;

/** Damages of one kind each; `others` are the stores whose files are put in. */
export function familiesOf(
  store: GoldenStore,
  others: readonly GoldenStore[],
  padding: Padding,
): Family[] {
  return [
    united(bitFlips(store, padding)),
    united(cuts(store)),
    ...OVERWRITES.map((overwrite) => united(overwrites(store, overwrite))),
    frames(store, others),
    wholeFiles(store),
    otherFiles(store, others),
  ];
}

/** Two damages of any families at once; each is one of `families`. */
export function pairsOf(store: GoldenStore, families: readonly Family[], count: number): Family {
  return {
    kind: 'two at once',
    count,
    at(index) {
      const random = new SeededRandom(0x2000 + index);
      const pick = () => {
        const family = families[random.below(families.length)] as Family;
        return family.at(random.below(family.count));
      };
      const [first, second] = [pick(), pick()];
      const files = new Map(first.files);
      for (const name of new Set([...store.files.keys(), ...second.files.keys()])) {
        const bytes = second.files.get(name);
        if (bytes === store.files.get(name)) continue;
        if (bytes === undefined) files.delete(name);
        else files.set(name, bytes);
      }
      const isForeign = first.isForeign || second.isForeign;
      return { kind: 'two at once', text: `${first.text}; ${second.text}`, files, isForeign };
    },
  };
}

function bitFlips({ files }: GoldenStore, padding: Padding): Family[] {
  return [...files].map(([name, bytes]) => {
    const bits = bitsOf(name, bytes, padding);
    return {
      kind: 'bit flipped',
      count: bits.length,
      at(index) {
        const bit = bits[index] as number;
        const changed = bytes.slice();
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        return replaced(files, {
          ...{ kind: 'bit flipped', name, bytes: changed },
          text: `${name}: bit ${bit & 7} of byte ${bit >> 3} flipped`,
        });
      },
    };
  });
}

/** Which bits of a file are flipped, counted from its start. */
function bitsOf(name: string, bytes: Uint8Array, padding: Padding): number[] {
  const bits: number[] = [];
  const step = matters(name) ? 1 : INDIFFERENT_STEP;
  for (let at = 0; at < bytes.length; at += step) {
    const isPadding = padding === 'one bit a byte' && isZeroAround(bytes, at);
    if (isPadding) bits.push(at * 8 + (at & 7));
    else for (let bit = 0; bit < 8; bit++) bits.push(at * 8 + bit);
  }
  return bits;
}

function isZeroAround(bytes: Uint8Array, at: number): boolean {
  const around = bytes.subarray(Math.max(0, at - PADDING_MARGIN), at + PADDING_MARGIN);
  return around.every((byte) => byte === 0);
}

function cuts({ files }: GoldenStore): Family[] {
  return [...files].map(([name, bytes]) => {
    const step = matters(name) ? 1 : INDIFFERENT_STEP;
    return {
      kind: 'cut',
      count: Math.floor(bytes.length / step),
      at: (index) =>
        replaced(files, {
          ...{ kind: 'cut', name, bytes: bytes.slice(0, index * step) },
          text: `${name} cut to ${index * step} bytes`,
        }),
    };
  });
}

type Overwrite = readonly [
  kind: string,
  size: number,
  write: (bytes: Uint8Array, start: number, end: number) => void,
];

const OVERWRITES: readonly Overwrite[] = [
  ['sector of zeros', SECTOR, (bytes, start, end) => bytes.fill(0, start, end)],
  ['sector of ones', SECTOR, (bytes, start, end) => bytes.fill(0xff, start, end)],
  ['sector of garbage', SECTOR, fillWithGarbage],
  ['page of zeros', PAGE, (bytes, start, end) => bytes.fill(0, start, end)],
  ['sector over its next', SECTOR, (bytes, start) => copySector(bytes, start, start + SECTOR)],
  ['sector over its last', SECTOR, (bytes, start) => copySector(bytes, start, start - SECTOR)],
];

function overwrites({ files }: GoldenStore, [kind, size, write]: Overwrite): Family[] {
  return [...files]
    .filter(([name]) => matters(name))
    .map(([name, bytes]) => ({
      kind,
      // At every eighth of its size, too: damage need not keep to the bounds of a sector.
      count: Math.ceil((bytes.length * 8) / size),
      at(index: number) {
        const start = (index * size) / 8;
        const changed = bytes.slice();
        write(changed, start, Math.min(bytes.length, start + size));
        const text = `${name}: ${kind} at ${start}`;
        return replaced(files, { kind, name, bytes: changed, text });
      },
    }));
}

/** Those of all files as one family. */
function united(families: readonly Family[]): Family {
  return {
    kind: families[0]?.kind ?? '',
    count: families.reduce((count, family) => count + family.count, 0),
    at(index) {
      let left = index;
      for (const family of families) {
        if (left < family.count) return family.at(left);
        left -= family.count;
      }
      throw new Error(`there is no damage ${index}`);
    },
  };
}

function fillWithGarbage(bytes: Uint8Array, start: number, end: number): void {
  bytes.set(new SeededRandom(start).bytes(end - start), start);
}

function copySector(bytes: Uint8Array, from: number, to: number): void {
  if (to < 0 || to >= bytes.length) return;
  const sector = bytes.slice(from, from + SECTOR);
  bytes.set(sector.subarray(0, bytes.length - to), to);
}

/** Frames dropped, doubled, changed for one another, and those of other WALs put in. */
function frames(store: GoldenStore, others: readonly GoldenStore[]): Family {
  const makers = [...store.frames].flatMap(([name, places]) => [
    ...places.flatMap((place, i) => [
      () => spliced(store, { name, drop: [place], text: `frame ${i} dropped` }),
      () => spliced(store, { name, after: place, put: place, text: `frame ${i} doubled` }),
      ...places.slice(i + 1).map(
        (other, k) => () =>
          swapped(store, {
            name,
            first: place,
            second: other,
            text: `frames ${i} and ${i + 1 + k} swapped`,
          }),
      ),
    ]),
    ...foreignFrames(store, others).flatMap(({ bytes, text }) =>
      places.flatMap((place, i) => [
        () => spliced(store, { name, after: place, bytes, text: `${text} put behind frame ${i}` }),
        () =>
          spliced(store, {
            name,
            drop: [place],
            after: place,
            bytes,
            text: `${text} put in place of frame ${i}`,
          }),
      ]),
    ),
  ]);
  return listed('frames moved', makers);
}

interface Splice {
  readonly name: string;
  readonly text: string;
  readonly drop?: readonly FramePlace[];
  readonly after?: FramePlace;
  readonly put?: FramePlace;
  readonly bytes?: Uint8Array;
}

function spliced(store: GoldenStore, splice: Splice): Unnamed {
  const { name, drop = [], after, put, text } = splice;
  const bytes = store.files.get(name) as Uint8Array;
  const added =
    splice.bytes ?? (put === undefined ? new Uint8Array(0) : bytes.subarray(put.offset, put.end));
  const dropped = drop[0];
  const start = dropped?.offset ?? after?.end ?? bytes.length;
  const end = dropped?.end ?? start;
  return {
    text: `${name}: ${text}`,
    files: withFile(
      store.files,
      name,
      joined(bytes.subarray(0, start), added, bytes.subarray(end)),
    ),
  };
}

function swapped(
  store: GoldenStore,
  {
    name,
    first,
    second,
    text,
  }: { name: string; first: FramePlace; second: FramePlace; text: string },
): Unnamed {
  const bytes = store.files.get(name) as Uint8Array;
  const changed = joined(
    bytes.subarray(0, first.offset),
    bytes.subarray(second.offset, second.end),
    bytes.subarray(first.end, second.offset),
    bytes.subarray(first.offset, first.end),
    bytes.subarray(second.end),
  );
  return { text: `${name}: ${text}`, files: withFile(store.files, name, changed) };
}

/** The first and the last frame of each WAL there is. */
function foreignFrames(
  store: GoldenStore,
  others: readonly GoldenStore[],
): { readonly bytes: Uint8Array; readonly text: string }[] {
  return [store, ...others].flatMap(({ name, files, frames: wals }) =>
    [...wals].flatMap(([wal, places]) =>
      [places[0], places.at(-1)]
        .filter((place) => place !== undefined)
        .map((place) => ({
          bytes: (files.get(wal) as Uint8Array).slice(place.offset, place.end),
          text: `the frame at ${place.offset} of ${wal} of "${name}"`,
        })),
    ),
  );
}

function replaced(
  files: Files,
  change: {
    readonly kind: string;
    readonly name: string;
    readonly bytes: Uint8Array;
    readonly text: string;
  },
): Damage {
  const { kind, name, bytes, text } = change;
  return { kind, text, isForeign: false, files: withFile(files, name, bytes) };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
