/** A store with something newer in it is refused by that name, or read; never damaged, never changed. */
import { OnewalError, type RecoveryMode, type Store } from '../../../src/index.ts';
import type { GoldenStore } from '../rot/golden-stores.ts';
import { filesOf, shown, writable } from '../rot/plain-files.ts';
import { readState } from '../rot/state-text.ts';
import { FalseStateError, type Opener, requireUntouched } from '../rot/verdict.ts';
import type { NewerStore } from './newer-files.ts';

const MODES: readonly RecoveryMode[] = [
  ...(['safe', 'strict', 'point-in-time', 'skip-corrupt', 'inspect'] as const),
];

/** Throws FalseStateError. */
export function judgeNewer(golden: GoldenStore, newer: NewerStore, open: Opener): void {
  for (const recovery of MODES) {
    requireAnswer(golden, { what: `reading, ${recovery}`, rule: newer.reading }, () => {
      return open(shown(newer.files), { readOnly: true, recovery });
    });
    if (recovery === 'inspect') continue;
    const fs = writable(newer.files);
    requireAnswer(golden, { what: `writing, ${recovery}`, rule: newer.writing }, () => {
      return open(fs, { recovery });
    });
    if (newer.writing === 'too new') requireUntouched(newer.files, filesOf(fs));
  }
}

function requireAnswer(
  golden: GoldenStore,
  { what, rule }: { readonly what: string; readonly rule: NewerStore['reading'] },
  open: () => Store,
): void {
  let store: Store;
  try {
    store = open();
  } catch (error) {
    const code = error instanceof OnewalError ? error.code : String(error);
    if (rule === 'too new' && code === 'FORMAT_TOO_NEW') return;
    throw new FalseStateError(`${what}: ${code}`);
  }
  const { text } = readState(store);
  store.closeSync();
  if (rule === 'too new') throw new FalseStateError(`${what}: is opened`);
  if (text !== golden.state) throw new FalseStateError(`${what}: has another state`);
}
