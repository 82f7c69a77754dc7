import { describe, expect, it } from 'vitest';
import type { Results } from '../../bench/harness/run.mjs';
import { TARGETS, targetsSection } from '../../bench/harness/targets.mjs';
import { QUESTIONS } from '../../bench/questions/all.mjs';

/** Answers in which every row of ours is `ours`, of the peer `peer`, and the bare limit 100. */
function answersOf(ours: number, peer: number): Results {
  const answer = (value: number) =>
    Object.fromEntries(
      QUESTIONS.map(({ name, rows }) => [
        name,
        Object.fromEntries(rows.map((row) => [row.name, [value]])),
      ]),
    );
  return { onewal: answer(ours), lmdb: answer(peer), bare: answer(100) };
}

function lineOf(page: string, what: string): string {
  return page.split('\n').find((line) => line.startsWith(`| ${what}`)) ?? '';
}

describe('the targets', () => {
  it('name rows that there are, and say what keeps each', () => {
    for (const { question, rows, why, what } of TARGETS) {
      const names = QUESTIONS.find(({ name }) => name === question)?.rows.map(({ name }) => name);
      for (const row of rows) expect(names).toContain(row);
      expect(why.length, what).toBeGreaterThan(40);
    }
  });

  it('are reached, missed and passed by far, against the best peer', () => {
    const missed = targetsSection(QUESTIONS, answersOf(90, 100));
    const reached = targetsSection(QUESTIONS, answersOf(110, 100));
    const passed = targetsSection(QUESTIONS, answersOf(250, 100));

    expect(lineOf(missed, 'bulk load')).toMatch(/0\.90 × \| 1\.00 × \| no \|$/);
    expect(missed).toContain('- **bulk load');
    expect(lineOf(reached, 'bulk load')).toMatch(/1\.10 × \| 1\.00 × \| yes \|$/);
    expect(reached).not.toContain('- **bulk load');
    expect(lineOf(passed, 'bulk load')).toMatch(/2\.50 × \| 1\.00 × \| moonshot \|$/);
  });

  it('are held against the machine, and against figures that are not to be passed', () => {
    const low = targetsSection(QUESTIONS, answersOf(4, 1));
    const high = targetsSection(QUESTIONS, answersOf(95, 1));

    expect(lineOf(low, 'blocking commits beside a bare')).toMatch(/0\.04 × \| - \| no \|$/);
    expect(lineOf(high, 'blocking commits beside a bare')).toMatch(/0\.95 × \| - \| yes \|$/);
    expect(lineOf(low, 'longest stall')).toMatch(/4\.00 \| - \| moonshot \|$/);
    expect(lineOf(high, 'longest stall')).toMatch(/95\.0 \| - \| no \|$/);
    expect(lineOf(low, 'open and first read')).toMatch(/8\.00 \| - \| yes \|$/);
  });
});
