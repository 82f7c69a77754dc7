/** Which of the places in a browser a store is opened in. Looks at nothing itself. */
import { UsageError } from '../errors.ts';

export type PlaceKind = 'opfs' | 'indexed-db' | 'cordova';

/** What was found at a place, before anything was opened. */
export interface PlaceReport {
  readonly kind: PlaceKind;
  /** A store can be opened there, from here. */
  readonly isUsable: boolean;
  /** Files of a store of that name are there. */
  readonly hasStore: boolean;
  /** Why it is not usable, or what it is good for, for people. */
  readonly note: string;
}

export interface Choice {
  readonly kind: PlaceKind;
  /** `found`: the store is there. `preferred`: it was asked for. `strongest`: of those that are usable. */
  readonly reason: 'found' | 'preferred' | 'strongest';
  /** The same in words, with what speaks against the others. */
  readonly message: string;
  /** All of them, the strongest first. */
  readonly places: readonly PlaceReport[];
}

/**
 * Where the store is, it stays. Throws INVALID_ARGUMENT where it is in a place that cannot be opened
 * from here, or in two; and where no place is usable. `places`: the strongest first.
 */
export function choosePlace(
  name: string,
  places: readonly PlaceReport[],
  prefer?: PlaceKind,
): Choice {
  const [found, ...more] = places.filter(({ hasStore }) => hasStore);
  if (found !== undefined) {
    if (more.length > 0) {
      const kinds = [found, ...more].map(({ kind }) => kind).join(' and in ');
      throw refusal(`there is a store ${name} in ${kinds}: open the one that counts by itself`);
    }
    if (!found.isUsable) {
      throw refusal(`the store ${name} is in ${found.kind}, out of reach from here: ${found.note}`);
    }
    return choice(found, 'found', places);
  }
  const preferred = places.find(({ kind, isUsable }) => isUsable && kind === prefer);
  if (preferred !== undefined) return choice(preferred, 'preferred', places);
  const strongest = places.find(({ isUsable }) => isUsable);
  if (strongest !== undefined) return choice(strongest, 'strongest', places);
  const notes = places.map(({ kind, note }) => `${kind}: ${note}`).join('; ');
  throw refusal(`there is no place for a store here. ${notes}`);
}

const REASONS = {
  found: 'the store is there',
  preferred: 'it was asked for',
  strongest: 'it is the strongest that is usable here',
} as const;

function choice(
  place: PlaceReport,
  reason: Choice['reason'],
  places: readonly PlaceReport[],
): Choice {
  const others = places.filter((other) => other !== place);
  const notes = others.map(({ kind, isUsable, note }) =>
    isUsable ? `${kind} is usable too: ${note}` : `${kind} is not: ${note}`,
  );
  const message = [`${place.kind}: ${REASONS[reason]}`, ...notes].join('. ');
  return { kind: place.kind, reason, message, places };
}

function refusal(message: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', message);
}
