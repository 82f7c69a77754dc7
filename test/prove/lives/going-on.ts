/** The host is well again: so is the store, if need be after it was told so. */
import { commit, turns } from './deeds.ts';
import type { SerialLife } from './serial-life.ts';

/** `commitCount`: the last of so many commits is taken; a sync that failed before may be told to the first. */
export async function goOn(life: SerialLife, commitCount = 1): Promise<void> {
  if (life.store === undefined) await life.open();
  if (life.store === undefined) {
    life.problems.push('the host is well, and the store cannot be opened');
    return;
  }
  for (let count = 0; count < commitCount; count++) {
    await turns();
    if (life.store.stats().writesDisabled) await life.do({ type: 'resume' });
    await life.do(commit({ type: 'put', map: 'b', key: 'well', value: 'again' }));
  }
  if (life.ledger.told.at(-1)?.answer !== 'yes') {
    life.problems.push('the host is well, and a commit is refused');
  }
  life.checkMemory('gone on');
}

/** Whatever has failed before: a store that goes on can be closed, and opened by the next. */
export async function reopen(life: SerialLife): Promise<void> {
  const { length } = life.refusals;
  await life.do({ type: 'reopen' });
  const found = life.refusals.slice(length);
  life.problems.push(...found.map((refusal) => `the host is well, and ${refusal}`));
  life.checkMemory('opened again');
}
