/** What listeners of every store are told, on every host. Run by test/store/store.test.ts. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CommitEvent, Store, type StoreEvent, type StoreMap } from '../../src/index.ts';
import { seededNumbers } from '../support/seeded.ts';
import type { StoreHost } from './store.ts';

export function eventContract(host: StoreHost): void {
  let store: Store;
  let map: StoreMap<string, number>;
  let logged: StoreEvent[];

  beforeEach(async () => {
    logged = [];
    store = await Store.open(host.make(), { logger: (event) => logged.push(event) });
    map = store.map('m');
  });

  afterEach(() => store.close());

  function collect(): CommitEvent[] {
    const events: CommitEvent[] = [];
    store.on('commit', (event) => events.push(event));
    return events;
  }

  describe(`events of a store on ${host.name}`, () => {
    test('tell of each commit what it changed, with the values before', async () => {
      await map.put('a', 1);
      await map.put('b', 1);
      await store.checkpoint();
      const events = collect();
      await store.batch([
        { type: 'put', map, key: 'a', value: 2 },
        { type: 'remove', map, key: 'absent' },
        { type: 'put', map: 'other', key: 'x', value: 'new' },
      ]);
      await map.clear({ start: 'b' });
      await map.clear();
      await store.dropMap('other');

      expect(events.map(({ sequence }) => sequence)).toEqual([3, 4, 5, 6]);
      expect(events.flatMap(({ changes }) => changes)).toEqual([
        { map: 'm', key: 'a', before: 1, after: 2, kind: 'put' },
        { map: 'other', key: 'x', before: undefined, after: 'new', kind: 'put' },
        { map: 'm', key: 'b', before: 1, after: undefined, kind: 'remove' },
        { map: 'm', key: 'a', before: 2, after: undefined, kind: 'remove' },
        { map: 'other', key: 'x', before: 'new', after: undefined, kind: 'remove' },
      ]);
    });

    test('come in order, when readers see the commit and before its promise resolves', async () => {
      const story: string[] = [];
      store.on('commit', ({ sequence }) => story.push(`${sequence}: a is ${map.get('a')}`));
      const puts = [1, 2, 3].map((value) =>
        map.put('a', value).then(({ sequence }) => story.push(`${sequence} resolved`)),
      );
      await Promise.all(puts);

      expect(story).toEqual([
        ...['1: a is 3', '2: a is 3', '3: a is 3'],
        ...['1 resolved', '2 resolved', '3 resolved'],
      ]);
    });

    test('keep a copy in memory in step with the store, over random lives', async () => {
      const copy = new Map<string, Map<unknown, unknown>>();
      store.on('commit', ({ changes }) => {
        for (const change of changes) {
          const entries = copy.get(change.map) ?? new Map();
          copy.set(change.map, entries);
          expect(entries.get(change.key)).toEqual(change.before);
          if (change.kind === 'put') entries.set(change.key, change.after);
          else entries.delete(change.key);
        }
        for (const name of store.maps) {
          const entries = [...(copy.get(name) ?? [])].sort(([left], [right]) =>
            String(left) < String(right) ? -1 : 1,
          );
          const stored = [...store.map(name).getRange()].map(({ key, value }) => [key, value]);
          expect(entries).toEqual(stored);
        }
      });
      const next = seededNumbers(5);
      for (let step = 0; step < 150; step++) {
        const [name, key, dice] = [`m${next() % 2}`, `k${next() % 8}`, next() % 12];
        const chosen = store.map<string, number>(name);
        if (dice < 6) await chosen.put(key, step);
        else if (dice < 8) await chosen.remove(key);
        else if (dice < 9) await chosen.clear({ start: key });
        else if (dice < 10) await chosen.clear();
        else if (dice < 11) await store.checkpoint();
        else
          await store.transaction((transaction) => {
            transaction.map(chosen).clear({ end: key });
            transaction.map(chosen).put(key, step);
          });
      }

      expect(logged.filter(({ type }) => type === 'error')).toEqual([]);
    });

    test('reach a listener that came while the commit was on its way', async () => {
      await map.put('a', 1);
      const put = map.put('a', 2);
      await Promise.resolve();
      await Promise.resolve();
      const events = collect();
      await put;

      expect(events).toMatchObject([{ sequence: 2, changes: [{ before: 1, after: 2 }] }]);
    });

    test('are not told to a listener any more that was taken away', async () => {
      const events: CommitEvent[] = [];
      const off = store.on('commit', (event) => events.push(event));
      await map.put('a', 1);
      off();
      off();
      await map.put('a', 2);

      expect(events).toHaveLength(1);
      expect(() => store.on('never' as never, () => undefined)).toThrow(/no event "never"/);
      expect(() => store.on('commit', 1 as never)).toThrow(/a listener is a function/);
    });

    test('survive a listener that throws: it is reported, and harms nothing', async () => {
      const failures: StoreEvent[] = [];
      const error = new RangeError('mine');
      store.on('error', () => {
        throw error;
      });
      store.on('error', (event) => failures.push(event));
      store.on('commit', () => {
        throw error;
      });
      const events = collect();

      expect(await map.put('a', 1)).toEqual({ sequence: 1, durable: true });
      expect([map.get('a'), events.length]).toEqual([1, 1]);
      expect(failures).toMatchObject([
        { type: 'error', message: expect.stringMatching(/listener of commit/), error },
      ]);
      expect(logged.map(({ message }) => message).sort()).toEqual([
        'a listener of commit failed',
        'a listener of error failed',
      ]);
    });

    test('let listeners submit writes, which come behind, and refuse those that block', async () => {
      const later: Promise<unknown>[] = [];
      const refused: unknown[] = [];
      store.on('commit', ({ sequence }) => {
        if (sequence > 2) return;
        later.push(map.put(`behind ${sequence}`, sequence));
        for (const block of [() => map.putSync('x', 1), () => store.closeSync()]) {
          try {
            block();
          } catch (error) {
            refused.push(error);
          }
        }
      });
      const puts = [map.put('a', 1), map.put('b', 1)];
      await Promise.all(puts);
      await Promise.all(later);

      expect([...map.getKeys()]).toEqual(['a', 'b', 'behind 1', 'behind 2']);
      expect(refused).toHaveLength(4);
      for (const error of refused) expect(error).toMatchObject({ code: 'IN_LISTENER' });
    });

    test.runIf(host.canBlock)('are told of blocking commits, before they return', () => {
      const events = collect();
      map.putSync('a', 1);

      expect(events).toMatchObject([{ sequence: 1, changes: [{ key: 'a', after: 1 }] }]);
    });

    test('decode with the codecs that somebody named, else give bytes', async () => {
      const codec = {
        name: 'upper',
        encode: (text: string) => new TextEncoder().encode(text.toUpperCase()),
        decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
      };
      const fs = host.make();
      const first = await Store.open(fs);
      await first.map<string, string>('own', { value: codec }).put('k', 'a');
      await first.map<string, string>('json', { key: 'utf8', value: 'json' }).put('k', 'a');
      await first.close();
      const second = await Store.open(fs);
      const changes: unknown[] = [];
      second.on('commit', (event) => changes.push(...event.changes));
      await second.dropMap('own');
      await second.dropMap('json');
      await second.map<string, string>('new', { value: codec }).put('k', 'b');

      expect(changes).toMatchObject([
        { map: 'own', before: new Uint8Array([65]) },
        { map: 'json', key: 'k', before: 'a' },
        { map: 'new', key: 'k', after: 'B' },
      ]);
      await second.close();
    });

    test('tell of the end of the store', async () => {
      const types: string[] = [];
      store.on('closed', ({ type }) => types.push(type));
      await store.close();

      expect(types).toEqual(['closed']);
    });
  });
}
