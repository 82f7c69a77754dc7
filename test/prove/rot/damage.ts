/** What a damage is, and what all kinds of damages are made with. */
import type { Files } from './plain-files.ts';

export interface Damage {
  readonly kind: string;
  /** What was done, for people, and to find it again. */
  readonly text: string;
  readonly files: Files;
  /** Files of another store were put in. */
  readonly isForeign: boolean;
}

export interface Family {
  readonly kind: string;
  readonly count: number;
  at(index: number): Damage;
}

/** A damage whose family says of what kind it is. */
export type Unnamed = Omit<Damage, 'kind' | 'isForeign'>;

/** Zeros, or a note that decides nothing about the state. */
const INDIFFERENT = /^(reserve|lock)$|^quarantine\//;

/** Whether a state can depend on what stands in the file. */
export function matters(name: string): boolean {
  return !INDIFFERENT.test(name);
}

export function listed(
  kind: string,
  makers: readonly (() => Unnamed)[],
  isForeign = false,
): Family {
  return {
    kind,
    count: makers.length,
    at: (index) => ({ kind, isForeign, ...(makers[index] as (typeof makers)[number])() }),
  };
}

export function withFile(files: Files, name: string, bytes: Uint8Array): Files {
  return new Map(files).set(name, bytes);
}

export function without(files: Files, name: string): Files {
  const left = new Map(files);
  left.delete(name);
  return left;
}
