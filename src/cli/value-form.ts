/** How the values of a map stand in JSON. */
import { fromJson, toJson } from './value-text.ts';

export interface ValueForm {
  toJson(value: unknown): unknown;
  /** Throws TextError. */
  fromJson(json: unknown): unknown;
}

/** Values that are JSON already, whatever stands in them. */
const AS_IS: ValueForm = { toJson: (value) => value, fromJson: (json) => json };
const TAGGED: ValueForm = { toJson, fromJson };

export function valueForm(valueEncoding: string): ValueForm {
  return valueEncoding === 'json' ? AS_IS : TAGGED;
}
