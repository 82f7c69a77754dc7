/**
 * Every file name, made and parsed here. A name is a hint for people: what a file is, and of which
 * generation, its checksummed header says.
 *
 *     <generation>.wal   <generation>.snap   <generation>.head   reserve
 *     quarantine/<generation>-<file>-<offset>
 */
type StoreFileKind = 'wal' | 'snap' | 'head';

export interface StoreFileName {
  readonly name: string;
  readonly kind: StoreFileKind;
  readonly generation: number;
}

/** A name has at most 15 digits; a file under a longer one would not be found again. */
export const GENERATION_MAX = 999_999_999_999_999;

export const RESERVE_NAME = 'reserve';
export const RESERVE_SIZE = 64 << 10;

const QUARANTINE_PREFIX = 'quarantine/';

export function walName(generation: number): string {
  return `${generation}.wal`;
}

export function snapshotName(generation: number): string {
  return `${generation}.snap`;
}

/** An empty file whose name bears witness: a WAL of this generation was started. */
export function headName(generation: number): string {
  return `${generation}.head`;
}

/** Undefined for a file that is not ours: such files are left alone. */
export function parseFileName(name: string): StoreFileName | undefined {
  const match = /^([1-9]\d{0,14})\.(wal|snap|head)$/.exec(name);
  if (match === null) return undefined;
  return { name, kind: match[2] as StoreFileKind, generation: Number(match[1]) };
}

/** `generation` is that of the WAL which the copy precedes, so that no name is used twice. */
export function quarantineName(
  generation: number,
  damage: { readonly file: string; readonly offset: number },
): string {
  return `${QUARANTINE_PREFIX}${generation}-${damage.file}-${damage.offset}`;
}

export function quarantineReportName(generation: number): string {
  return `${QUARANTINE_PREFIX}${generation}-report.json`;
}

export function isQuarantined(name: string): boolean {
  return name.startsWith(QUARANTINE_PREFIX);
}
