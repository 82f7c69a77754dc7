/** Deeds in few words, and the time that the store takes behind an answer. */
import type { ScriptedWrite } from '../../support/workload.ts';
import type { Deed } from './serial-life.ts';

export function commit(...writes: ScriptedWrite[]): Deed & { readonly type: 'commit' } {
  return { type: 'commit', writes };
}

export function put(
  map: string,
  key: string,
  value: unknown,
): ScriptedWrite & { readonly type: 'put' } {
  return { type: 'put', map, key, value };
}

/** What goes on behind an answer has come to rest. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
