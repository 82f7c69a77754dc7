/**
 * What a reader must know to read a file, the same in WALs and snapshots. A newer version is never
 * taken for damage.
 */
import { CborError, type CborValue } from './cbor.ts';
import type { CborFields } from './cbor-fields.ts';

const FLAG_COUNT_MAX = 64;

export interface FormatVersion {
  readonly major: number;
  readonly minor: number;
  /** Names of features that a reader need not know. */
  readonly compatible: readonly string[];
  /** Who does not know one of these may read the store and must not write to it. */
  readonly readOnlyCompatible: readonly string[];
  /** Who does not know one of these must not read the file. */
  readonly incompatible: readonly string[];
}

/** The version that this code writes, and the newest that it reads. */
export const FORMAT_VERSION: FormatVersion = {
  major: 1,
  minor: 0,
  compatible: [],
  readOnlyCompatible: [],
  incompatible: [],
};

export function formatFields(version: FormatVersion): CborValue {
  const { major, minor, compatible, readOnlyCompatible, incompatible } = version;
  return { major, minor, compatible, readOnlyCompatible, incompatible };
}

/** Throws CborError. */
export function readFormatVersion(fields: CborFields): FormatVersion {
  return {
    major: fields.unsigned('major'),
    minor: fields.unsigned('minor'),
    compatible: readFlags(fields, 'compatible'),
    readOnlyCompatible: readFlags(fields, 'readOnlyCompatible'),
    incompatible: readFlags(fields, 'incompatible'),
  };
}

/** A newer minor version alone is none: it only adds what an older reader may pass over. */
export function isNewerFormat(version: FormatVersion): boolean {
  return version.major > FORMAT_VERSION.major || version.incompatible.length > 0;
}

/** Says why a store with a file of this version must not be written to, if so. */
export function unknownToWriters(version: FormatVersion): string | undefined {
  return version.readOnlyCompatible[0];
}

export function formatText({ major, minor, incompatible }: FormatVersion): string {
  return [`${major}.${minor}`, ...incompatible].join(' with ');
}

function readFlags(fields: CborFields, name: string): readonly string[] {
  const flags = fields.array(name);
  const areNames = flags.every((flag) => typeof flag === 'string');
  if (!areNames || flags.length > FLAG_COUNT_MAX)
    throw new CborError(`${name} is not a list of names`);
  return flags as readonly string[];
}
