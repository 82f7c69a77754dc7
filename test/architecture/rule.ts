import type { Source } from './source.ts';

export interface Rule {
  readonly sentence: string;
  /** One line for each break: where, and what. */
  find(sources: readonly Source[]): string[];
  /** Files, by path, each set of which breaks the rule: the proof that it can fail. */
  readonly broken: readonly { readonly [path: string]: string }[];
}
