/**
 * The report of what was lost, as it is kept in the WAL header until somebody acknowledges it.
 * There is little room in a header: keys are left out of it first, and stand in the copy that
 * quarantine keeps.
 */

import { toHex } from '../bytes/bytes.ts';
import { CborError, type CborValue } from '../bytes/cbor.ts';
import { CborFields } from '../bytes/cbor-fields.ts';
import type { LossReport } from '../errors.ts';
import { fitsInWalHeader } from '../wal/wal-header.ts';

const SUSPECT_KEY_COUNT_MAX = 64;

export function limitedKeys<T>(keys: readonly T[]): readonly T[] {
  return keys.slice(0, SUSPECT_KEY_COUNT_MAX);
}

export function encodeLoss(report: LossReport | undefined): CborValue {
  if (report === undefined) return null;
  const { suspectKeys, damage, quarantine, ...figures } = report;
  for (let count = SUSPECT_KEY_COUNT_MAX; count > 0; count >>= 1) {
    const encoded: CborValue = {
      ...figures,
      damage: damage.slice(0, count).map((place) => ({ ...place })),
      quarantine: quarantine.slice(0, count),
      suspectKeys: suspectKeys.slice(0, count).map((suspect) => ({ ...suspect })),
    };
    if (fitsInWalHeader(encoded)) return encoded;
  }
  return { ...figures, damage: [], quarantine: [], suspectKeys: [] };
}

/** Undefined for what is no report: nothing else in the store depends on it. */
export function readLoss(value: CborValue): LossReport | undefined {
  try {
    return decodeLoss(value);
  } catch (error) {
    if (error instanceof CborError) return undefined;
    throw error;
  }
}

function decodeLoss(value: CborValue): LossReport {
  const fields = new CborFields(value);
  const action = fields.text('action');
  return {
    id: fields.text('id'),
    action: action === 'skipped' || action === 'cut' ? action : 'refused',
    damage: fields.all('damage').map((place) => ({
      file: place.text('file'),
      offset: place.unsigned('offset'),
      reason: place.text('reason'),
    })),
    firstLost: fields.unsigned('firstLost'),
    lastSeen: fields.unsigned('lastSeen'),
    commitsLost: fields.unsigned('commitsLost'),
    bytesLost: fields.unsigned('bytesLost'),
    suspectKeys: fields.all('suspectKeys').map((suspect) => ({
      map: suspect.text('map'),
      key: suspect.bytes('key'),
    })),
    quarantine: fields.array('quarantine').map(String),
  };
}

/** For people and for quarantine: the report as JSON text, keys in hex. */
export function lossToJson(report: LossReport): string {
  const suspectKeys = report.suspectKeys.map(({ map, key }) => ({ map, key: toHex(key) }));
  return `${JSON.stringify({ ...report, suspectKeys }, undefined, 2)}\n`;
}
