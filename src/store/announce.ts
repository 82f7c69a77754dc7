/** Tells listeners what commits have changed, in the step in which they became visible. */
import type { LoggedCommit } from '../wal/wal-writer.ts';
import { decodeChange, type RawChange } from './change.ts';
import type { Group } from './commit-group.ts';
import { Draft, type State } from './draft.ts';
import type { Engine } from './engine.ts';

/** `before`: the state that the group was applied to. */
export function announceCommits(engine: Engine, group: Group, before: State): void {
  if (group.commits.length === 0 || !engine.listeners.areCommitsHeard) return;
  const changes = group.changes ?? changesAgain(engine, group, before);
  if (changes === undefined) return;
  for (const [i, { sequence }] of group.commits.entries()) {
    announceCommit(engine, sequence, changes[i] ?? []);
  }
}

function announceCommit(engine: Engine, sequence: number, changes: readonly RawChange[]): void {
  const { listeners } = engine;
  listeners.fire({ type: 'encoded commit', sequence, changes });
  if (!listeners.has('commit')) return;
  listeners.fire({
    type: 'commit',
    message: `commit ${sequence} is visible`,
    sequence,
    changes: changes.map((raw) => decodeChange(raw, engine.codecsOf(raw.target))),
  });
}

/** For the first listener, who came when the group was on its way already. */
function changesAgain(
  engine: Engine,
  { commits }: Group,
  before: State,
): RawChange[][] | undefined {
  const draft = new Draft(before, engine);
  try {
    return commits.map((commit) => changesOf(draft, commit));
  } catch (error) {
    const [first, last] = [commits[0]?.sequence, commits.at(-1)?.sequence];
    const message = `listeners were not told of commits ${first} to ${last}: what was there before could not be read`;
    engine.report({ type: 'error', message, error });
    return undefined;
  }
}

function changesOf(draft: Draft, commit: LoggedCommit): RawChange[] {
  const changes: RawChange[] = [];
  draft.apply(commit, (change) => changes.push(change));
  return changes;
}
