/** The explorer finds what was planted, finds nothing where nothing is, and says how much it saw. */
import { describe, expect, test } from 'vitest';
import type { File } from '../../src/fs/file-system.ts';
import { Store } from '../../src/index.ts';
import { hostEnvironment } from '../../src/store/host.ts';
import {
  type Exploration,
  type ExplorationPlan,
  type ExploredFault,
  explore,
  SimulatedDisk,
} from '../../src/testing/index.ts';

const quiet = { report: () => undefined };
const one = Uint8Array.of(1);

/** A disk on which these files are, empty and durable. */
function diskWith(...names: string[]): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const name of names) disk.writeFile(name, new Uint8Array());
  return disk;
}

const create = async (disk: SimulatedDisk, name: string): Promise<File> =>
  disk.open(name, 'create');

const holdsOne = (disk: SimulatedDisk, name: string): boolean =>
  disk.names().includes(name) && disk.readFile(name)[0] === 1;

function traceOf({ failures }: Exploration): string[] {
  expect(failures).toHaveLength(1);
  const lines = failures[0]?.trace.split('\n') ?? [];
  return lines.filter((line) => !line.startsWith('  again:'));
}

describe('a planted fault is found, with the shortest trace:', () => {
  test('two files, written one after the other, that must agree', async () => {
    const found = await explore({
      ...quiet,
      faults: ['crash'],
      async run(disk, acknowledge) {
        for (const name of ['state', 'balances']) {
          const file = await create(disk, name);
          file.write(one, 0);
          await file.sync();
        }
        await disk.syncDirectory();
        acknowledge('both');
      },
      async check(disk) {
        if (holdsOne(disk, 'state') !== holdsOne(disk, 'balances')) throw new Error('half of it');
      },
    });

    expect(traceOf(found)).toEqual([
      'crash before call 2: sync state',
      '  acknowledged: []',
      '  calls before it:',
      '    call 0: open state',
      '    call 1: write state (1 bytes)',
      '  error: Error: half of it',
    ]);
  });

  test('a sync that was left out', async () => {
    const plan: ExplorationPlan = {
      ...quiet,
      faults: ['power-loss'],
      async run(disk, acknowledge) {
        for (const name of ['a', 'b', 'c']) {
          const file = await create(disk, name);
          file.write(one, 0);
          if (name !== 'b') await file.sync();
          await disk.syncDirectory();
          acknowledge(name);
        }
      },
      async check(disk, acknowledged) {
        for (const name of acknowledged) {
          if (!holdsOne(disk, name as string)) throw new Error(`${name} is gone`);
        }
      },
    };

    const found = await explore(plan);

    expect(traceOf(found)).toEqual([
      'power-loss before call 7: open c',
      '  acknowledged: ["a","b"]',
      '  lost of what was not synced: sector 0 of b',
      '  arrived of it: nothing',
      '  calls before it:',
      '    call 0: open a',
      '    call 1: write a (1 bytes)',
      '    call 2: sync a',
      '    call 3: syncDirectory',
      '    call 4: open b',
      '    call 5: write b (1 bytes)',
      '    call 6: syncDirectory',
      '  error: Error: b is gone',
    ]);
    expect((await explore({ ...plan, faults: ['crash'] })).failures).toEqual([]);
  });

  test('a mark whose write may overtake that of what it marks', async () => {
    const found = await explore({
      ...quiet,
      faults: ['power-loss'],
      disk: diskWith('text'),
      async run(disk) {
        const text = await create(disk, 'long text');
        const mark = await create(disk, 'mark');
        text.write(new Uint8Array(3000).fill(1), 0);
        mark.write(one, 0);
        await text.sync();
        await mark.sync();
        await disk.syncDirectory();
      },
      async check(disk) {
        if (!holdsOne(disk, 'mark')) return;
        const text = disk.names().includes('long text') ? disk.readFile('long text') : one;
        const isWhole = text.length === 3000 && text.every((byte) => byte === 1);
        if (!isWhole) throw new Error('marked, and not whole');
      },
    });

    expect(traceOf(found).slice(0, 4)).toEqual([
      'power-loss before call 4: sync long text',
      '  acknowledged: []',
      expect.stringMatching(
        /^ {2}lost of what was not synced: (sector \d of|the creation of) long text$/,
      ),
      expect.stringContaining('arrived of it: the creation of'),
    ]);
  });

  test('a file that is replaced by another one, whose name is not durable yet', async () => {
    const disk = new SimulatedDisk();
    disk.writeFile('old', one);
    const found = await explore({
      ...quiet,
      disk,
      faults: ['power-loss'],
      async run(fresh) {
        const file = await create(fresh, 'new');
        file.write(one, 0);
        await file.sync();
        await fresh.remove('old');
        await fresh.syncDirectory();
      },
      async check(left) {
        if (!holdsOne(left, 'old') && !holdsOne(left, 'new')) throw new Error('both are gone');
      },
    });

    expect(traceOf(found)).toEqual([
      'power-loss before call 4: syncDirectory',
      '  acknowledged: []',
      '  lost of what was not synced: the creation of new',
      '  arrived of it: the removal of old',
      '  calls before it:',
      '    call 0: open new',
      '    call 1: write new (1 bytes)',
      '    call 2: sync new',
      '    call 3: remove old',
      '  error: Error: both are gone',
    ]);
  });

  test('an acknowledgement before the sync, though nothing comes behind that', async () => {
    const found = await explore({
      ...quiet,
      faults: ['power-loss'],
      async run(disk, acknowledge) {
        const file = await create(disk, 'a');
        await disk.syncDirectory();
        file.write(one, 0);
        const sync = file.sync();
        acknowledge('a');
        await sync;
      },
      async check(disk, acknowledged) {
        if (acknowledged.length > 0 && !holdsOne(disk, 'a')) throw new Error('a is gone');
      },
    });

    expect(traceOf(found).slice(0, 4)).toEqual([
      'power-loss before the end of the run',
      '  acknowledged: ["a"]',
      '  lost of what was not synced: sector 0 of a',
      '  arrived of it: nothing',
    ]);
  });

  const careless = (fault: ExploredFault, isOverlooked: (error: { code?: string }) => boolean) =>
    explore({
      ...quiet,
      faults: [fault],
      disk: diskWith('start'),
      async run(disk, acknowledge) {
        const file = await create(disk, 'a');
        await disk.syncDirectory();
        file.write(new Uint8Array(4).fill(1), 0);
        await file.sync().catch((error: { code?: string }) => {
          if (!isOverlooked(error)) throw error;
        });
        acknowledge('a');
      },
      async check(disk, acknowledged, { mayLose }) {
        if (acknowledged.length === 0 || mayLose) return;
        if (disk.readFile('a').join() !== '1,1,1,1') throw new Error('a is not whole');
      },
    });

  test('an error of a sync that is passed over', async () => {
    const found = await careless('sync-failure', () => true);

    expect(traceOf(found).slice(0, 4)).toEqual([
      'sync-failure (ext4), once, at call 3: sync a',
      '  acknowledged: ["a"]',
      '  lost of what was not synced: nothing',
      '  arrived of it: nothing',
    ]);
    expect((await careless('sync-failure', () => false)).failures).toEqual([]);
  });

  test('a short write that is taken for a whole one', async () => {
    expect(traceOf(await careless('io-error', () => false))[0]).toBe(
      'io-error: only 0 bytes at call 2: write a (4 bytes)',
    );
    expect(traceOf(await careless('disk-full', () => false))[0]).toBe(
      'disk-full: room for 1 bytes',
    );
  });

  test('rot that no checksum would notice', async () => {
    const found = await careless('rot', () => false);

    expect(traceOf(found)[0]).toBe('rot after the run: bit 0 of byte 0 of a');
  });
});

/** Two maps of one store that must agree. */
function ledger(faults?: readonly ExploredFault[]): ExplorationPlan {
  return {
    ...quiet,
    ...(faults === undefined ? {} : { faults }),
    async run(disk, acknowledge) {
      const store = await Store.open(disk);
      for (let n = 1; n <= 2; n++) {
        await store.batch([
          { type: 'put', map: 'state', key: 'n', value: n },
          { type: 'put', map: 'balances', key: 'n', value: n },
        ]);
        acknowledge(n);
      }
      await store.close();
    },
    async check(disk, acknowledged, { mayLose }) {
      const store = await Store.open(disk);
      const [state, balance] = ['state', 'balances'].map((map) => store.map(map).get('n'));
      await store.close();
      const least = mayLose ? 0 : acknowledged.length;
      expect(state).toBe(balance);
      expect(state ?? 0).toBeGreaterThanOrEqual(least);
    },
  };
}

test('nothing is found in a store of onewal that is written by one commit', async () => {
  const found = await explore({ ...ledger(), budget: 1200 });

  expect(found.failures).toEqual([]);
  expect(found.images).toBeGreaterThan(900);
  for (const tally of Object.values(found.counts)) expect(tally.images).toBeGreaterThan(50);
  expect(found.counts.rot?.refused).toBeGreaterThan(0);
  expect(found.counts.crash?.refused).toBe(0);
  console.log(`one commit: ${found.images} images, ${found.faults} faults`);
}, 60_000);

test('two commits where there should be one are found out by every fault but rot', async () => {
  const { run: _, ...plan } = ledger();
  const found = await explore({
    ...plan,
    budget: 600,
    async run(disk) {
      const store = await Store.open(disk);
      await store.map('state').put('n', 1);
      await store.map('balances').put('n', 1);
      await store.close();
    },
  });

  const faults = ['crash', 'io-error', 'sync-failure', 'disk-full', 'power-loss'];
  expect(found.failures.map(({ replay }) => JSON.parse(replay).disturbance.fault)).toEqual(faults);
}, 60_000);

describe('a complete exploration', () => {
  const tiny: ExplorationPlan = {
    ...quiet,
    async run(disk, acknowledge) {
      const file = await create(disk, 'a');
      file.write(Uint8Array.of(1, 1), 0);
      await file.sync();
      await disk.syncDirectory();
      acknowledge('a');
    },
    async check() {},
  };

  test('of crashes is that before each call, inside the write, and at the end', async () => {
    const seen: string[] = [];
    const { counts, isComplete } = await explore({
      ...tiny,
      faults: ['crash'],
      check: async (disk, acknowledged) => {
        seen.push(
          `${disk.names().map((name) => `${name} ${disk.readFile(name)}`)} ${acknowledged}`,
        );
      },
    });

    // The first is that of the run that was not disturbed.
    expect(seen).toEqual(['a 1,1 a', ' ', 'a  ', 'a 1,1 ', 'a 1,1 a', 'a 1 ']);
    // Before open, write, sync, and syncDirectory, which sees no other file; at the end; inside.
    expect(counts.crash).toEqual({ faults: 6, images: 5, refused: 0, isComplete: true });
    expect(isComplete).toBe(true);
  });

  test('of power cuts is every subset of what was not synced', async () => {
    const disk = diskWith('a');
    const plan: ExplorationPlan = {
      ...quiet,
      disk,
      faults: ['power-loss'],
      async run(started) {
        const file = await create(started, 'b');
        await started.syncDirectory();
        file.write(new Uint8Array(1024).fill(1), 0);
      },
      async check() {},
    };
    const seen = new Set<string>();

    const { counts } = await explore({
      ...plan,
      check: async (left) => {
        const names = left.names().join();
        const b = names.includes('b') ? left.readFile('b') : new Uint8Array();
        const sectors = [b.subarray(0, 512), b.subarray(512, 1024)].map((sector) => {
          const isPlain = sector.every((byte) => byte === sector[0]);
          return sector.length === 0 ? '' : isPlain && sector.length === 512 ? `${sector[0]}` : '?';
        });
        seen.add(`${names} ${sectors}`);
      },
    });

    const plain = [...seen].filter((image) => !image.includes('?')).sort();
    // Without and with the name; then of two sectors, at each size, zeros where they are lost.
    expect(plain).toEqual([
      'a ,',
      'a,b ,',
      'a,b 0,',
      'a,b 0,0',
      'a,b 0,1',
      'a,b 1,',
      'a,b 1,0',
      'a,b 1,1',
    ]);
    // And each sector torn, zeroed (which was there), and garbage.
    expect(counts['power-loss']).toEqual({ faults: 4, images: 12, refused: 0, isComplete: true });
  });

  test('of the rest is each call, each size, each bit', async () => {
    const found = await explore(tiny);

    expect(found.counts['io-error']?.faults).toBe(4 * 2 + 2);
    expect(found.counts['sync-failure']?.faults).toBe(2 * 4 * 2);
    expect(found.counts['disk-full']?.faults).toBe(2);
    expect(found.counts.rot?.faults).toBe(16);
    expect(found.isComplete).toBe(true);
  });

  test('is not claimed when the budget was too small', async () => {
    const found = await explore({ ...tiny, budget: 12 });

    expect(found.images).toBeLessThanOrEqual(12);
    expect(found.isComplete).toBe(false);
    expect(found.counts.rot?.isComplete).toBe(false);
    expect(Object.keys(found.counts)).toHaveLength(6);
  });
});

describe('the same plan', () => {
  /** Fails in some images of a power cut, which are found by chance. */
  const rare: ExplorationPlan = {
    ...quiet,
    faults: ['power-loss'],
    budget: 150,
    async run(disk) {
      const file = await create(disk, 'a');
      await disk.syncDirectory();
      for (let n = 0; n < 20; n++) file.write(new Uint8Array(512).fill(1), n * 512);
      await file.sync();
    },
    async check(disk) {
      if (!disk.names().includes('a')) return;
      const bytes = disk.readFile('a');
      if (bytes[512 * 3] === 0 && bytes[512 * 8] === 0) throw new Error('3 and 8 are gone');
    },
  };

  test('and seed give the same result, to the letter', async () => {
    const [first, second] = [await explore(rare), await explore(rare)];

    expect(first).toEqual(second);
    expect(first.failures).toHaveLength(1);
  });

  test('that fails by chance is shortened to what it takes', async () => {
    const { failures } = await explore(rare);

    const trace = failures[0]?.trace.split('\n') ?? [];
    expect(trace[0]).toBe('power-loss before call 11: write a (512 bytes)');
    expect(trace[2]).toBe('  lost of what was not synced: sector 3 of a, sector 8 of a');
  });

  test('and a replay try the one failure again', async () => {
    const { failures } = await explore(rare);
    const [failure] = failures;
    let checks = 0;

    const again = await explore({
      ...rare,
      replay: failure?.replay as string,
      check: (disk, acknowledged, context) => {
        checks++;
        return rare.check(disk, acknowledged, context);
      },
    });

    expect(checks).toBe(1);
    expect(again.failures).toEqual(failures);
    const repaired = await explore({
      ...rare,
      replay: failure?.replay as string,
      async check() {},
    });
    expect(repaired.failures).toEqual([]);
  });

  test('explored twice at once is explored once after the other, and chance is as before', async () => {
    const before = hostEnvironment();
    const order: number[] = [];
    const plan = (number: number): ExplorationPlan => ({
      ...ledger(['crash']),
      budget: 10,
      async check() {
        order.push(number);
      },
    });

    const both = await Promise.all([explore(plan(1)), explore(plan(2))]);

    expect(both[0]).toEqual(both[1]);
    expect(order).toEqual(order.slice().sort());
    expect(hostEnvironment()).toEqual(before);
  });
});

test('a budget below the number of calls is spread over the run, and the earliest call found', async () => {
  const found = await explore({
    ...quiet,
    faults: ['crash'],
    budget: 6,
    async run(disk) {
      for (let n = 0; n < 40; n++) await create(disk, `file ${n}`);
    },
    async check(disk) {
      const count = disk.names().length;
      if (count > 20 && count < 40) throw new Error('too many');
    },
  });

  expect(traceOf(found)[0]).toBe('crash before call 21: open file 21');
});

describe('a plan is refused', () => {
  const still: ExplorationPlan = { ...quiet, async run() {}, async check() {} };
  const refusal = (plan: Partial<ExplorationPlan>): Promise<unknown> =>
    explore({ ...still, ...plan }).then(
      () => 'not refused',
      (error: unknown) => error,
    );

  test('whose run makes other calls the second time', async () => {
    let count = 0;

    const error = await refusal({
      run: async (disk) => {
        await create(disk, `file ${count++}`);
      },
    });

    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect((error as Error).message).toContain(
      'not deterministic: first there was call 0: open file 0, and now comes call 0: open file 1',
    );
  });

  test('whose run writes or acknowledges other things, or less, the second time', async () => {
    const changes: [string, (disk: SimulatedDisk, count: number) => Promise<unknown>][] = [
      [
        'wrote other bytes',
        async (disk, n) => (await create(disk, 'a')).write(Uint8Array.of(n), 0),
      ],
      ['acknowledged other things', async (_, n) => n],
      ['ended after 0 of 1', async (disk, n) => n === 0 && disk.list()],
    ];
    for (const [message, change] of changes) {
      let count = 0;
      const error = await refusal({
        run: async (disk, acknowledge) => acknowledge(await change(disk, count++)),
      });
      expect((error as Error).message).toContain(message);
    }
  });

  test('whose run changes only when it is disturbed', async () => {
    let count = 0;

    const error = await refusal({
      faults: ['io-error'],
      run: async (disk) => {
        if (count++ > 1) await disk.list();
        await create(disk, 'a');
      },
    });

    expect((error as Error).message).toContain('and now comes call 0: list');
  });

  test('whose run fails, or never ends, without a fault', async () => {
    const cause = new Error('no such coin');

    expect(await refusal({ run: () => Promise.reject(cause) })).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'explore: run fails without any fault: no such coin',
      cause,
    });
    expect(await refusal({ run: () => new Promise(() => undefined) })).toMatchObject({
      message: expect.stringContaining('does not end'),
    });
  });

  test('that names no fault, no budget, or no replay there is', async () => {
    const wrong: Partial<ExplorationPlan>[] = [
      { faults: ['flood' as 'rot'] },
      { budget: 0 },
      { seed: 0.5 },
      { replay: 'again' },
      { replay: '{"disturbance":{"fault":"crash","moment":99},"image":"everything"}' },
    ];
    for (const plan of wrong)
      expect(await refusal(plan)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('what never ends', () => {
  test('is a failure, of a disturbed run and of a check', async () => {
    const hangs = await explore({
      ...quiet,
      faults: ['io-error'],
      async run(disk) {
        await create(disk, 'a').catch(() => new Promise(() => undefined));
      },
      async check() {},
    });
    expect(hangs.failures).toMatchObject([{ error: { message: 'run never ended' } }]);

    const waits = await explore({
      ...quiet,
      faults: ['crash'],
      async run(disk) {
        await create(disk, 'a');
      },
      check: (disk) =>
        disk.names().length > 0 ? Promise.resolve() : new Promise<void>(() => undefined),
    });
    expect(waits.failures).toMatchObject([{ error: { message: 'check never ended' } }]);
  });

  test('is also a run that calls the disk again and again', async () => {
    const found = await explore({
      ...quiet,
      faults: ['io-error'],
      async run(disk) {
        const retry = async (): Promise<unknown> =>
          create(disk, 'a').catch((error: { code?: string }) =>
            error.code === 'EIO' ? retry() : error,
          );
        await retry();
      },
      async check() {},
    });

    expect(found.failures[0]?.trace).toContain('io-error, for ever, at call 0: open a');
    expect(found.failures).toMatchObject([{ error: { message: 'run never ended' } }]);
  });
});

test('a machine that has crashed acknowledges nothing', async () => {
  const { counts, failures } = await explore({
    ...quiet,
    faults: ['crash'],
    async run(disk, acknowledge) {
      const file = await create(disk, 'a');
      try {
        file.write(Uint8Array.of(1, 1), 0);
      } finally {
        acknowledge('a');
      }
    },
    async check(disk, acknowledged) {
      if (acknowledged.length > 0) expect(disk.readFile('a')).toHaveLength(2);
    },
  });

  expect(failures).toEqual([]);
  expect(counts.crash?.isComplete).toBe(true);
});

test('acknowledgements that are no plain values are told apart', async () => {
  const seen = new Set<string>();
  const { failures } = await explore({
    ...quiet,
    faults: ['io-error'],
    async run(disk, acknowledge) {
      acknowledge(new Set(['started']));
      for (const call of ['list', 'free'] as const) {
        await Promise.resolve()
          .then((): unknown => disk[call]())
          .catch(() => acknowledge(new Set([call])));
      }
    },
    async check(_, acknowledged) {
      seen.add(acknowledged.map((words) => [...(words as Set<string>)]).join());
    },
  });

  expect(failures).toEqual([]);
  expect([...seen]).toEqual(['started', 'started,list', 'started,list,free', 'started,free']);
});

test('a check that fails without a fault is the only failure', async () => {
  const traces: string[] = [];
  const { failures, images } = await explore({
    report: (trace) => traces.push(trace),
    async run() {},
    async check() {
      throw new Error('never right');
    },
  });

  expect(failures).toHaveLength(1);
  expect(images).toBe(1);
  expect(traces).toEqual([failures[0]?.trace]);
  expect(traces[0]).toContain('without any fault');
});

test('a refusal after a mere crash is a failure', async () => {
  const { failures } = await explore({
    ...quiet,
    faults: ['crash'],
    async run(disk) {
      const file = await create(disk, 'a');
      file.write(Uint8Array.of(1, 1), 0);
    },
    async check(disk) {
      const isTorn = disk.names().includes('a') && disk.readFile('a').length < 2;
      if (isTorn) throw Object.assign(new Error('torn'), { name: 'CorruptionError' });
    },
  });

  expect(failures).toHaveLength(1);
});

test('a check may refuse rot by an error of its own, and lose only what a lying disk lost', async () => {
  class Rotten extends Error {}
  const contexts = new Set<string>();
  const found = await explore({
    ...quiet,
    isRefusal: (error) => error instanceof Rotten,
    async run(disk) {
      const file = await create(disk, 'a');
      file.write(one, 0);
      await file.sync();
      await disk.syncDirectory();
    },
    async check(disk, _, context) {
      contexts.add(`${context.fault} ${context.mayLose} ${context.mayRefuse}`);
      if (disk.names().includes('a') && disk.readFile('a').some((byte) => byte > 1)) {
        if (context.fault === 'rot') throw new Rotten();
      }
    },
  });

  expect(found.failures).toEqual([]);
  expect(found.counts.rot).toMatchObject({ images: 8, refused: 7 });
  expect([...contexts].sort()).toEqual([
    'crash false false',
    'disk-full false false',
    'io-error false false',
    'none false false',
    'power-loss false false',
    'rot false true',
    'sync-failure false false',
    'sync-failure true true',
  ]);
});
