import { describe, expect, it } from 'vitest';
import { memoryLevel } from '../../bench/engines/memory-level.mjs';
import { onewal } from '../../bench/engines/onewal.mjs';
import { ask } from '../../bench/harness/ask.mjs';
import { compared } from '../../bench/harness/comparison.mjs';
import { Entries, WrongValueError } from '../../bench/harness/entries.mjs';
import { ownTable } from '../../bench/harness/own-table.mjs';
import { peersTable } from '../../bench/harness/peers-table.mjs';
import { run } from '../../bench/harness/run.mjs';
import { scratchDirectory } from '../../bench/harness/scratch.mjs';
import type { Engine, EngineKind, OpenOptions } from '../../bench/harness/types.ts';
import { QUESTIONS, questionNamed } from '../../bench/questions/all.mjs';

const scale = { entries: 200, milliseconds: 5, seed: 1, cacheBytes: 1 << 20 };
/** Blocks of Bitcoin and long WALs are not everywhere, and not for so few entries. */
const LEFT_OUT = new Set(['one of the first 255', 'block 277647', '4 MiB', '16 MiB', '64 MiB']);

describe('a run', () => {
  it('answers every row of every question', { timeout: 120_000 }, async () => {
    const engines = [onewal, memoryLevel];

    const results = await run({
      questions: QUESTIONS,
      engines,
      rounds: 1,
      scale,
      withBare: true,
      ask,
    });

    const table = ownTable(QUESTIONS, results);
    for (const { name, asks, rows } of QUESTIONS) {
      expect(table).toContain(asks);
      for (const row of rows.filter((one) => !LEFT_OUT.has(one.name))) {
        expect(results.onewal?.[name]?.[row.name], `${name}: ${row.name}`).toHaveLength(1);
        expect(table).toContain(`\n  ${row.name} `);
      }
    }
  });

  it('puts the engines side by side, in every round', { timeout: 60_000 }, async () => {
    const questions = ['load', 'reads'].map(questionNamed);
    const engines = [onewal, memoryLevel];

    const results = await run({ questions, engines, rounds: 2, scale, ask });

    const comparisons = compared(questions, results);
    const lines = peersTable(comparisons, ['onewal', 'memory-level']).split('\n');
    expect(comparisons.map(({ row }) => row)).toEqual(
      questions.flatMap(({ rows }) => rows.map(({ name }) => name)),
    );
    expect(results['memory-level']?.reads?.hot).toHaveLength(2);
    expect(lines).toHaveLength(comparisons.length + 1);
    for (const line of lines.slice(1)) expect(line).toMatch(/ \d.* \d/);
  });
});

describe('a wrong value', () => {
  it.each(['reads', 'scans', 'opening', 'memory', 'mixed', 'commits', 'value-sizes'])(
    'is noticed by %s',
    async (question) => {
      const kind = { ...memoryLevel, durability: 'synced', open: openWrong } satisfies EngineKind;
      const context = {
        kind,
        directory: scratchDirectory(),
        scale,
        entries: new Entries({ seed: scale.seed }),
      };

      const asked = questionNamed(question).measure(context);

      await expect(asked).rejects.toThrow(WrongValueError);
    },
  );
});

/** One bit of what it gives back is another. */
async function openWrong(directory: string, options: OpenOptions): Promise<Engine> {
  const engine = await memoryLevel.open(directory, options);
  return {
    ...engine,
    get: (key) => wrong(engine.get(key)),
    scan: (visit, options) => engine.scan((key, value) => visit(key, wrong(value)), options),
  };
}

function wrong<T extends Uint8Array | undefined>(value: T): T {
  return value?.map((byte, i) => (i === 7 ? byte ^ 1 : byte)) as T;
}
