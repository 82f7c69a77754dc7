/** Files of a store that are gone, under other names, as they were before, or of another store. */
import { type Family, listed, matters, withFile, without } from './damage.ts';
import type { GoldenStore } from './golden-stores.ts';

export const FOREIGN_KIND = 'files of another store';

/** Files gone, under other names, in each other's place, and as they were before. */
export function wholeFiles(store: GoldenStore): Family {
  const { files, earlier } = store;
  const names = [...files.keys()];
  const makers = names.flatMap((name) => [
    () => ({ text: `${name} is gone`, files: without(files, name) }),
    () => ({ text: `${name} is empty`, files: withFile(files, name, new Uint8Array(0)) }),
    ...otherNames(name, names).flatMap((to) => [
      () => ({
        text: `${name} copied to ${to}`,
        files: withFile(files, to, files.get(name) as Uint8Array),
      }),
      () => ({
        text: `${name} renamed to ${to}`,
        files: withFile(without(files, name), to, files.get(name) as Uint8Array),
      }),
    ]),
    ...earlier.flatMap((before, moment) => {
      const bytes = before.get(name);
      if (bytes === undefined) return [];
      return [
        () => ({ text: `${name} as at moment ${moment}`, files: withFile(files, name, bytes) }),
      ];
    }),
  ]);
  const returned = earlier.flatMap((before, moment) =>
    [...before].flatMap(([name, bytes]) =>
      files.has(name)
        ? []
        : [
            () => ({
              text: `${name} back from moment ${moment}`,
              files: withFile(files, name, bytes),
            }),
          ],
    ),
  );
  return listed('files moved', [...makers, ...returned]);
}

/** Two files in each other's place, which is two faults: neither can be read as what it was. */
export function swappedFiles({ files }: GoldenStore): Family {
  const names = [...files.keys()];
  const makers = names.flatMap((name) =>
    names
      .filter((other) => other > name)
      .map((other) => () => {
        const [first, second] = [files.get(name), files.get(other)] as [Uint8Array, Uint8Array];
        const changed = withFile(withFile(files, name, second), other, first);
        return { text: `${name} and ${other} swapped`, files: changed };
      }),
  );
  return listed('files swapped', makers);
}

/** A generation that is not there, between and above those that are, and the generations there are. */
function otherNames(name: string, names: readonly string[]): string[] {
  const extension = /\.(wal|snap|head)$/.exec(name)?.[0];
  if (extension === undefined) return [];
  const generations = names.map((other) => Number.parseInt(other, 10)).filter((n) => n > 0);
  const free = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, Math.max(...generations) + 1, 999];
  return [...new Set(free)]
    .map((n) => `${n}${extension}`)
    .filter((other) => !names.includes(other));
}

/** What is left of a store must say whose it is: else the directory is, truly, the other store's. */
export function otherFiles(store: GoldenStore, others: readonly GoldenStore[]): Family {
  const names = [...store.files.keys()];
  const makers = others.flatMap((other) =>
    [...other.files]
      .filter(([name, bytes]) => matters(name) && bytes.length > 0)
      .flatMap(([name, bytes]) =>
        placesFor(name, names)
          .filter(({ place }) => names.some((own) => own !== place && saysWhose(own)))
          .map(({ place, text }) => () => ({
            text: `${name} of "${other.name}" ${text}`,
            files: withFile(store.files, place, bytes),
          })),
      ),
  );
  return { ...listed(FOREIGN_KIND, makers, true) };
}

function placesFor(name: string, own: readonly string[]): { place: string; text: string }[] {
  return [
    { place: name, text: 'put in' },
    ...otherNames(name, own).map((free) => ({ place: free, text: `put in as ${free}` })),
    ...own.map((place) => ({ place, text: `in place of ${place}` })),
  ];
}

function saysWhose(name: string): boolean {
  return name.endsWith('.wal') || name.endsWith('.snap');
}
