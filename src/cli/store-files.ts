/** The files in a store's directory, with their sizes. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { NodeFileSystem } from '../fs/node.ts';
import { isQuarantined, parseFileName, RESERVE_NAME } from '../store/file-names.ts';

export interface ListedFile {
  readonly name: string;
  readonly kind: 'WAL' | 'snapshot' | 'head' | 'reserve' | 'quarantine' | 'other';
  readonly size: number;
}

/** Snapshots, then WALs, each by generation, then what else is there. Throws what the host throws. */
export function listFiles(directory: string): ListedFile[] {
  return new NodeFileSystem(directory)
    .list()
    .flatMap((name) => {
      const stats = lstatSync(join(directory, name), { throwIfNoEntry: false });
      // A writer beside us may have removed it.
      return stats === undefined ? [] : [{ name, kind: kindOf(name), size: stats.size }];
    })
    .sort(compareFiles);
}

function generationOf(file: { readonly name: string }): number {
  return parseFileName(file.name)?.generation ?? Number.POSITIVE_INFINITY;
}

function kindOf(name: string): ListedFile['kind'] {
  if (isQuarantined(name)) return 'quarantine';
  if (name === RESERVE_NAME) return 'reserve';
  const kind = parseFileName(name)?.kind;
  return kind === undefined ? 'other' : LISTED_AS[kind];
}

const LISTED_AS = { wal: 'WAL', snap: 'snapshot', head: 'head' } as const;

const ORDER: readonly ListedFile['kind'][] = [
  ...(['snapshot', 'WAL', 'head', 'reserve', 'quarantine', 'other'] as const),
];

function compareFiles(left: ListedFile, right: ListedFile): number {
  const byKind = ORDER.indexOf(left.kind) - ORDER.indexOf(right.kind);
  if (byKind !== 0) return byKind;
  const [lower, upper] = [generationOf(left), generationOf(right)];
  if (lower !== upper) return lower - upper;
  return left.name < right.name ? -1 : 1;
}
