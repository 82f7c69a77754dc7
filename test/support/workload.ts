/**
 * A script of store operations with a model beside it: after every commit the model remembers what
 * the whole store holds, so that a recovered state can be recognised as the one after commit k.
 */
import type { FileSystem } from '../../src/fs/file-system.ts';
import { Store, type StoreOptions } from '../../src/index.ts';
import { seededNumbers } from './seeded.ts';

export type ScriptedWrite =
  | { readonly type: 'put'; readonly map: string; readonly key: string; readonly value: unknown }
  | { readonly type: 'remove'; readonly map: string; readonly key: string }
  | {
      readonly type: 'clear';
      readonly map: string;
      readonly range?: { start?: string; end?: string };
    };

export type Step =
  | { readonly type: 'commit'; readonly writes: readonly ScriptedWrite[]; readonly buffered?: true }
  | { readonly type: 'commit together'; readonly commits: readonly (readonly ScriptedWrite[])[] }
  | { readonly type: 'drop'; readonly map: string }
  | { readonly type: 'flush' | 'checkpoint' | 'compact' | 'reopen' | 'close' };

/** What the store holds, as text: the same for equal contents. */
export type Content = string;

export class Model {
  /** `states[k]` is the content after commit k. */
  readonly states: Content[] = ['{}'];
  #maps = new Map<string, Map<string, unknown>>();

  apply(writes: readonly ScriptedWrite[]): void {
    for (const write of writes) this.#write(write);
    this.states.push(this.content());
  }

  drop(map: string): void {
    this.#maps.delete(map);
    this.states.push(this.content());
  }

  content(): Content {
    const maps = [...this.#maps].filter(([, entries]) => entries.size > 0).sort();
    return JSON.stringify(
      Object.fromEntries(maps.map(([name, entries]) => [name, [...entries].sort(byKey)])),
    );
  }

  #write(write: ScriptedWrite): void {
    const entries = this.#maps.get(write.map) ?? new Map<string, unknown>();
    if (write.type === 'put') {
      this.#maps.set(write.map, entries);
      entries.set(write.key, write.value);
    } else if (write.type === 'remove') entries.delete(write.key);
    else {
      const { start = '', end = '\u{10ffff}' } = write.range ?? {};
      for (const key of [...entries.keys()]) if (key >= start && key < end) entries.delete(key);
    }
  }
}

function byKey([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1;
}

export function contentOf(store: Store): Content {
  const maps = store.maps.map((name) => [
    name,
    [...store.map<string, unknown>(name).getRange()].map(({ key, value }) => [key, value]),
  ]);
  return JSON.stringify(Object.fromEntries(maps.filter(([, entries]) => entries?.length !== 0)));
}

/** What a run got to, told as it goes on, so that it is known after a crash. */
export interface Log {
  /** Commits that were promised durable. */
  acknowledged: number;
  /** Commits that were handed to the store. */
  submitted: number;
}

/** Runs the script; a crash or a refusal ends it by throwing. `model` is complete beforehand. */
export async function runScript(
  fs: FileSystem,
  steps: readonly Step[],
  run: { readonly log: Log; readonly options?: StoreOptions },
): Promise<void> {
  const { log, options } = run;
  let store = await Store.open(fs, options);
  for (const step of steps) {
    if (step.type === 'reopen') {
      await store.close();
      log.acknowledged = log.submitted;
      store = await Store.open(fs, options);
    } else await runStep(store, step, log);
  }
}

async function runStep(store: Store, step: Step, log: Log): Promise<void> {
  switch (step.type) {
    case 'commit': {
      log.submitted++;
      const durability = step.buffered === true ? 'buffered' : 'synced';
      const commit = await store.batch(step.writes, { durability });
      if (commit.durable) log.acknowledged = commit.sequence;
      return;
    }
    case 'commit together': {
      const commits = step.commits.map(async (writes) => {
        log.submitted++;
        const commit = await store.batch(writes);
        log.acknowledged = Math.max(log.acknowledged, commit.sequence);
      });
      await Promise.all(commits);
      return;
    }
    case 'drop':
      log.submitted++;
      log.acknowledged = (await store.dropMap(step.map)).sequence;
      return;
    case 'flush':
      await store.flush();
      log.acknowledged = log.submitted;
      return;
    case 'checkpoint':
      await store.checkpoint();
      log.acknowledged = log.submitted;
      return;
    case 'compact':
      await store.compact();
      log.acknowledged = log.submitted;
      return;
    case 'close':
      await store.close();
      log.acknowledged = log.submitted;
      return;
    case 'reopen':
  }
}

/** The model of a whole script. */
export function modelOf(steps: readonly Step[]): Model {
  const model = new Model();
  for (const step of steps) {
    if (step.type === 'commit') model.apply(step.writes);
    else if (step.type === 'commit together')
      for (const writes of step.commits) model.apply(writes);
    else if (step.type === 'drop') model.drop(step.map);
  }
  return model;
}

/** A script of `count` steps over three maps, from a seed. */
export function randomScript(seed: number, count: number): Step[] {
  const next = seededNumbers(seed);
  const below = (limit: number) => next() % limit;
  const write = (): ScriptedWrite => {
    const map = `map-${below(3)}`;
    const key = `key-${below(9)}`;
    const kind = below(10);
    if (kind < 7) return { type: 'put', map, key, value: `${next()}`.repeat(1 + below(12)) };
    if (kind < 9) return { type: 'remove', map, key };
    return below(2) === 0
      ? { type: 'clear', map }
      : { type: 'clear', map, range: { start: 'key-2', end: 'key-6' } };
  };
  // A batch always changes something, so that every commit has an id of its own.
  const writes = (): ScriptedWrite[] => [
    { type: 'put', map: 'count', key: 'n', value: next() },
    ...Array.from({ length: below(4) }, write),
  ];
  return Array.from({ length: count }, (): Step => {
    const kind = below(20);
    if (kind < 10) return { type: 'commit', writes: writes() };
    if (kind < 13) return { type: 'commit', writes: writes(), buffered: true };
    if (kind < 15) return { type: 'commit together', commits: [writes(), writes(), writes()] };
    if (kind < 16) return { type: 'flush' };
    if (kind < 18) return { type: 'checkpoint' };
    return { type: kind < 19 ? 'compact' : 'reopen' };
  });
}
