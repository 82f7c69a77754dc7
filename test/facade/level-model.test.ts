/**
 * Whatever is done to a Level database of ours and to one of memory-level, both say the same: with
 * every kind of range, over sublevels, from snapshots, and after the database was opened again.
 */
import type { AbstractBatchOperation, AbstractLevel, AbstractSnapshot } from 'abstract-level';
import fc from 'fast-check';
import { MemoryLevel } from 'memory-level';
import { expect, test } from 'vitest';
import { OnewalLevel } from '../../src/facade/level.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';

type Level = AbstractLevel<unknown, string, string>;

interface Operation {
  readonly type: 'put' | 'del' | 'batch' | 'clear' | 'read' | 'snapshot' | 'reopen';
  readonly keys: readonly string[];
  readonly value: string;
  readonly range: Readonly<Record<string, unknown>>;
  readonly where: 'root' | 'sublevel' | 'both';
  readonly seek: string | undefined;
  readonly from: 'now' | 'snapshot';
}

const SEED = 11;

const key = fc
  .array(fc.constantFrom('a', 'b', '!', '~', 'é', '\u{10000}', '\uffff'), { maxLength: 3 })
  .map((letters) => letters.join(''));
const operation: fc.Arbitrary<Operation> = fc.record({
  type: fc.constantFrom(
    'put',
    'put',
    'batch',
    'batch',
    'del',
    'clear',
    'read',
    'read',
    'read',
    'snapshot',
    'reopen',
  ),
  keys: fc.array(key, { minLength: 1, maxLength: 4 }),
  value: fc.constantFrom('', 'one', 'two'),
  range: fc.record(
    { gt: key, gte: key, lt: key, lte: key, reverse: fc.boolean(), limit: fc.nat(3) },
    { requiredKeys: [] },
  ),
  where: fc.constantFrom('root', 'sublevel', 'both'),
  seek: fc.option(key, { nil: undefined }),
  from: fc.constantFrom('now', 'snapshot'),
});

test('a Level database answers as memory-level does, whatever is done to it', async () => {
  let entriesRead = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40 }), async (operations) => {
      const ours = await Player.over(new OnewalLevel(new MemoryFileSystem()));
      const theirs = await Player.over(new MemoryLevel());

      for (const step of operations) {
        const [answer, expected] = [await ours.play(step), await theirs.play(step)];
        expect(answer).toEqual(expected);
        entriesRead += answer.length;
      }

      await ours.close();
      await theirs.close();
    }),
    { seed: SEED, numRuns: 300 },
  );
  expect(entriesRead).toBeGreaterThan(3000);
}, 60_000);

class Player {
  /** Their types are not those of an AbstractLevel for compilers that take optional as absent. */
  static async over(db: OnewalLevel | MemoryLevel): Promise<Player> {
    await db.open();
    return new Player(db as unknown as Level);
  }

  readonly #db: Level;
  #snapshot: AbstractSnapshot | undefined;

  private constructor(db: Level) {
    this.#db = db;
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  async play(step: Operation): Promise<unknown[]> {
    const db = step.where === 'sublevel' ? this.#sublevel() : this.#db;
    const [first = ''] = step.keys;
    const from = step.from === 'now' ? {} : { snapshot: this.#snapshot };
    switch (step.type) {
      case 'put':
        return [await db.put(first, step.value)];
      case 'del':
        return [await db.del(first)];
      case 'batch':
        return [await this.#db.batch(this.#operationsOf(step))];
      case 'clear':
        return [await db.clear({ ...step.range, ...from })];
      case 'read':
        return this.#read(db, step, from);
      case 'snapshot':
        await this.#snapshot?.close();
        this.#snapshot = this.#db.snapshot();
        return [];
      case 'reopen':
        this.#snapshot = undefined;
        if (this.#db instanceof OnewalLevel) await this.#db.store.checkpoint();
        await this.#db.close();
        return [await this.#db.open()];
    }
  }

  async #read(db: Level, step: Operation, from: object): Promise<unknown[]> {
    const options = { ...step.range, ...from };
    const iterator = db.iterator(options);
    if (step.seek !== undefined) iterator.seek(step.seek);
    const entries = [await iterator.next(), ...(await iterator.all())];
    return [
      ...entries,
      await db.keys(options).all(),
      await db.values(options).all(),
      await db.getMany([...step.keys], from),
      await db.hasMany([...step.keys], from),
    ];
  }

  /** Every second operation goes to the sublevel, where both are asked for. */
  #operationsOf({ keys, value, where }: Operation) {
    const sublevel = this.#sublevel();
    return keys.map((name, i) => ({
      ...(i % 3 === 2 ? { type: 'del' as const } : { type: 'put' as const, value: `${value}${i}` }),
      key: name,
      ...(where === 'sublevel' || (where === 'both' && i % 2 === 1) ? { sublevel } : {}),
    })) as AbstractBatchOperation<Level, string, string>[];
  }

  #sublevel(): Level {
    return this.#db.sublevel('inner') as unknown as Level;
  }
}
