/** Every fuzz target over its corpus, over what fuzzing has found before, and for a few new inputs. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bundleTarget, loadTarget } from '../../fuzz/driver/bundle.ts';
import { runCampaign } from '../../fuzz/driver/campaign.ts';
import { directoryOf, readInputs } from '../../fuzz/driver/corpus.ts';

const TARGETS = readdirSync('fuzz')
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3));
const RUNS = 60;
const CORPUS_SIZE_MAX = 300 << 10;

const directory = mkdtempSync(join(tmpdir(), 'onewal-targets-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const inputsOf = (kind: 'corpus' | 'regressions', name: string) =>
  readInputs(directoryOf(kind, { root: '.', name })).map(({ bytes }) => bytes);

test.each(TARGETS)('%s holds for its corpus, its regressions and new inputs', async (name) => {
  const target = await loadTarget(await bundleTarget(`fuzz/${name}.ts`, { directory }));
  const given = [...inputsOf('regressions', name), ...inputsOf('corpus', name)];

  const report = await runCampaign(target, given, { seed: 1, runs: RUNS });

  expect(report.findings).toEqual([]);
  expect(report.runCount).toBeGreaterThanOrEqual(given.length + RUNS);
  expect(report.kept.length).toBeGreaterThan(5);
  expect(report.covered).toBeGreaterThan(report.counterCount / 5);
});

test('all that is kept of fuzzing stays small', () => {
  const kept = TARGETS.flatMap((name) => [
    ...inputsOf('corpus', name),
    ...inputsOf('regressions', name),
  ]);

  expect(kept.reduce((size, { length }) => size + length, 0)).toBeLessThan(CORPUS_SIZE_MAX);
});
