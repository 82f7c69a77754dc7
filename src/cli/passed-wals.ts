/**
 * Damage in WALs that the newest snapshot has left behind: no open reads them, until that snapshot
 * rots and the state must be had from them again.
 */
import type { Damage } from '../errors.ts';
import type { File, FileSystem } from '../fs/file-system.ts';
import { parseFileName } from '../store/file-names.ts';
import { BufferedFile } from '../wal/buffered-file.ts';
import { decodeWalHeader, WAL_HEADER_SIZE, type WalHeader } from '../wal/wal-header.ts';
import { scanWal } from '../wal/wal-reader.ts';

interface OpenWal {
  readonly name: string;
  readonly file: BufferedFile;
  readonly header: WalHeader;
}

/**
 * Each WAL that another one goes on from, up to where that says that it ends: what stands behind is
 * of no commit. Of the others an open judges the newest. Throws what the host throws.
 */
export async function damageInPassedWals(fs: FileSystem): Promise<Damage[]> {
  const wals: OpenWal[] = [];
  try {
    for (const name of await fs.list()) {
      if (parseFileName(name)?.kind !== 'wal') continue;
      const wal = readWal(name, await fs.open(name, 'read'));
      if (wal !== undefined) wals.push(wal);
    }
    return wals.flatMap((wal) => damageIn(wal, endOf(wal, wals)));
  } finally {
    for (const { file } of wals) file.close();
  }
}

/** Undefined without a sound header, which an open reports. */
function readWal(name: string, opened: File): OpenWal | undefined {
  const file = new BufferedFile(opened);
  const read = decodeWalHeader(file.read(0, WAL_HEADER_SIZE));
  if (read.kind === 'header') return { name, file, header: read.header };
  file.close();
  return undefined;
}

function endOf({ header }: OpenWal, wals: readonly OpenWal[]): number | undefined {
  const successor = wals.find((wal) => {
    return wal.header.predecessor?.generation === header.generation;
  });
  return successor?.header.predecessor?.offset;
}

function damageIn({ name, file, header }: OpenWal, endOffset: number | undefined): Damage[] {
  if (endOffset === undefined) return [];
  const found = scanWal(file, header, { endOffset }).break;
  return found === undefined ? [] : [{ file: name, offset: found.offset, reason: found.reason }];
}
