/** Conditional puts: what must be true of an entry when the turn of the commit has come. */
import { ConflictError } from '../errors.ts';
import { invalid, type PutOptions, requireWhole } from '../options.ts';
import type { Precondition } from './commit-request.ts';
import type { Draft } from './draft.ts';
import { findEntry, findSequence } from './layers.ts';

export interface ConditionedKey {
  readonly map: string;
  readonly key: unknown;
  readonly bytes: Uint8Array;
}

/** Undefined where nothing is asked for. Throws INVALID_ARGUMENT. */
export function conditionOf(
  place: ConditionedKey,
  options: PutOptions | undefined,
): Precondition | undefined {
  const { ifAbsent, ifSequence } = options ?? {};
  if (ifAbsent === undefined && ifSequence === undefined) return undefined;
  if (ifAbsent !== undefined && ifSequence !== undefined) {
    throw invalid('a put is either ifAbsent or ifSequence');
  }
  if (ifSequence !== undefined) {
    requireWhole('ifSequence', ifSequence, 1);
    return (head) => requireSequence(head, place, ifSequence);
  }
  if (ifAbsent !== true) throw invalid(`ifAbsent is ${String(ifAbsent)}, where true is expected`);
  return (head) => requireAbsent(head, place);
}

function requireAbsent(head: Draft, { map, key, bytes }: ConditionedKey): void {
  const id = head.catalog.named(map)?.id;
  if (id === undefined || findEntry(head, id, bytes) === undefined) return;
  throw new ConflictError(`the key is in map ${JSON.stringify(map)} already`, { map, key });
}

function requireSequence(head: Draft, { map, key, bytes }: ConditionedKey, expected: number): void {
  const id = head.catalog.named(map)?.id;
  const sequence = id === undefined ? undefined : findSequence(head, id, bytes);
  if (sequence === expected) return;
  const found = sequence === undefined ? 'is not there' : `is of commit ${sequence}`;
  throw new ConflictError(
    `the entry in map ${JSON.stringify(map)} ${found}, where that of commit ${expected} is expected`,
    { map, key },
  );
}
