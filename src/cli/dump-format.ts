/**
 * A dump: a store's contents as lines of JSON. Equal states give equal dumps.
 *
 *     header  {"onewal":"dump","version":1,"byteQuota":number|null,"maps":[map, ...]}
 *     map     {"name":text,"keyEncoding":text,"valueEncoding":text,"byteQuota":number|null}
 *     entry   {"map":name,"key":key,"value":value}
 *     end     {"end":{"entries":number,"digest":hex}}
 *
 * Keys and values stand as value-text.ts says, those of maps with JSON values as they are. The
 * digest is SHA-256 over every line before the last with its line end: `head -n -1 | sha256sum`.
 * Who edits a dump by hand leaves the digest out of the last line; the count has to be right.
 */
export interface DumpMap {
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
  readonly byteQuota: number | null;
}

export interface DumpHeader {
  readonly byteQuota: number | null;
  readonly maps: readonly DumpMap[];
}

export interface DumpEntry {
  readonly map: string;
  readonly key: unknown;
  readonly value: unknown;
}

export interface DumpEnd {
  readonly entries: number;
  readonly digest?: string;
}

const VERSION = 1;

/** A dump that is cut, or was never whole. */
export class DumpError extends Error {
  override readonly name = 'DumpError';

  /** `line` counts from 1. */
  constructor(line: number, reason: string, cause?: unknown) {
    super(`line ${line}: ${reason}`, { cause });
  }
}

export function headerLine({ byteQuota, maps }: DumpHeader): string {
  const rows = maps.map(({ name, keyEncoding, valueEncoding, byteQuota: quota }) => {
    return { name, keyEncoding, valueEncoding, byteQuota: quota };
  });
  return JSON.stringify({ onewal: 'dump', version: VERSION, byteQuota, maps: rows });
}

export function entryLine({ map, key, value }: DumpEntry): string {
  return JSON.stringify({ map, key, value });
}

export function endLine(end: DumpEnd): string {
  return JSON.stringify({ end });
}

/** Why the line is no header, or the header. */
export function readHeader(json: unknown): DumpHeader | string {
  if (!isRecord(json) || json.onewal !== 'dump') return 'this is no dump of a onewal store';
  if (json.version !== VERSION) {
    return `dump version ${String(json.version)} is not known: use a newer onewal`;
  }
  const { byteQuota, maps } = json;
  if (!isQuota(byteQuota) || !Array.isArray(maps) || !maps.every(isMap)) {
    return 'the header does not list the maps';
  }
  if (new Set(maps.map(({ name }) => name)).size < maps.length) return 'two maps have one name';
  return { byteQuota, maps };
}

/** Undefined where the line is none. */
export function readEntry(json: unknown): DumpEntry | undefined {
  if (!isRecord(json) || typeof json.map !== 'string') return undefined;
  if (!('key' in json) || !('value' in json)) return undefined;
  return { map: json.map, key: json.key, value: json.value };
}

/** Undefined where the line is none. */
export function readEnd(json: unknown): DumpEnd | undefined {
  const end = isRecord(json) ? json.end : undefined;
  if (!isRecord(end) || typeof end.entries !== 'number') return undefined;
  if (end.digest === undefined) return { entries: end.entries };
  return { entries: end.entries, digest: String(end.digest) };
}

function isRecord(json: unknown): json is { readonly [name: string]: unknown } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isMap(json: unknown): json is DumpMap {
  return (
    isRecord(json) &&
    typeof json.name === 'string' &&
    typeof json.keyEncoding === 'string' &&
    typeof json.valueEncoding === 'string' &&
    isQuota(json.byteQuota)
  );
}

function isQuota(json: unknown): json is number | null {
  return json === null || (Number.isSafeInteger(json) && (json as number) >= 0);
}
