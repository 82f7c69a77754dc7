/** The operations in a frame, decoded as far as it is known what their maps hold. */
import { toHex } from '../bytes/bytes.ts';
import { CborError } from '../bytes/cbor.ts';
import { FrameType } from '../wal/frame.ts';
import {
  type KeyPosition,
  type Operation,
  type OperationVisitor,
  type PutPosition,
  readOperations,
} from '../wal/record.ts';
import type { Frame } from '../wal/wal-reader.ts';
import type { MapRegister } from './map-register.ts';
import type { Report } from './report-text.ts';

/** Notes in `maps` what the frame defines. */
export function operationRows(frame: Frame, maps: MapRegister): Report[] {
  const { type, sequence } = frame.header;
  if (type !== FrameType.commit && type !== FrameType.part) return [];
  const lister = new OperationLister(maps);
  try {
    readOperations(frame.body, lister);
  } catch (error) {
    if (!(error instanceof CborError)) throw error;
    lister.rows.push({ operation: 'malformed', reason: error.message });
  }
  return lister.rows.map((row) => ({ sequence, ...row }));
}

class OperationLister implements OperationVisitor {
  readonly rows: Report[] = [];
  readonly #maps: MapRegister;

  constructor(maps: MapRegister) {
    this.#maps = maps;
  }

  put(map: number, { bytes, keyStart, keyEnd, valueStart, valueEnd }: PutPosition): void {
    this.#add('put', map, {
      key: this.#maps.keyText(map, bytes.subarray(keyStart, keyEnd)),
      valueSize: valueEnd - valueStart,
      value: this.#maps.valueText(map, bytes.subarray(valueStart, valueEnd)),
    });
  }

  remove(map: number, { bytes, keyStart, keyEnd }: KeyPosition): void {
    this.#add('remove', map, { key: this.#maps.keyText(map, bytes.subarray(keyStart, keyEnd)) });
  }

  other(operation: Exclude<Operation, { type: 'put' | 'remove' }>): void {
    switch (operation.type) {
      case 'define': {
        const { map, keyEncoding, valueEncoding } = operation;
        this.#maps.define(map, operation);
        this.#add('define', map, { keyEncoding, valueEncoding });
        return;
      }
      case 'clear': {
        const { map, start, end } = operation;
        const text = (key: Uint8Array | null) => key && this.#maps.keyText(map, key);
        this.#add('clear', map, { start: text(start), end: text(end) });
        return;
      }
      case 'empty':
        this.#goOn(operation.map, operation.next);
        return;
      case 'drop':
        this.#add('drop', operation.map, {});
        return;
      case 'quota':
        this.#add('quota', operation.map ?? undefined, { byteQuota: operation.bytes });
        return;
      case 'acknowledge':
        this.rows.push({ operation: 'acknowledge', report: operation.report });
        return;
      case 'token':
        this.rows.push({ operation: 'token', token: toHex(operation.token) });
    }
  }

  #goOn(map: number, next: number): void {
    const known = this.#maps.of(map);
    if (known !== undefined) this.#maps.define(next, known);
    this.#add('empty', map, { next });
  }

  #add(operation: Operation['type'], map: number | undefined, rest: Report): void {
    const name = map === undefined ? undefined : this.#maps.of(map)?.name;
    this.rows.push({ operation, map, name, ...rest });
  }
}
