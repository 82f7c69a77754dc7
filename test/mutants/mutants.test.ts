/** The mutants of `npm run mutants` still say what they said: each applies, and its tests are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Mutant, mutate, partsOf } from './mutant.mjs';
import { GROUPS, MUTANTS } from './mutants.mjs';

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
  'applies, and its tests are there: %s',
  (_, mutant: Mutant) => {
    const text = readFileSync(mutant.file, 'utf8');

    const mutated = mutate(mutant, text);

    expect(mutated).not.toBe(text);
    expect(mutant.tests.length).toBeGreaterThan(0);
    for (const test of mutant.tests) {
      const { file, name } = partsOf(test);
      expect(existsSync(file), file).toBe(true);
      if (name !== undefined) expect(textOf(file)).toContain(name);
    }
  },
);

test('no two mutants have one name, and there are at least 40', () => {
  const names = new Set(MUTANTS.map(({ name }) => name));

  expect(names.size).toBe(MUTANTS.length);
  expect(names.size).toBeGreaterThanOrEqual(40);
});

test('of each mutant it is written down which test kills it', () => {
  const killed = JSON.parse(readFileSync('test/mutants/killed.json', 'utf8'));

  for (const [group, mutants] of Object.entries(GROUPS)) {
    expect(Object.keys(killed[group])).toEqual(mutants.map(({ name }) => name));
  }
});

test('a mutant that does not apply any more, or twice, is refused', () => {
  const mutant = { name: 'x', file: 'f', find: 'a', replace: 'b', tests: [] };

  expect(mutate(mutant, 'ca$c')).toBe('cb$c');
  expect(() => mutate(mutant, 'ccc')).toThrow('0 times');
  expect(() => mutate(mutant, 'aca')).toThrow('2 times');
});

/** With the contracts, which are run for each host by files that only name the hosts. */
function textOf(file: string): string {
  const contracts = readdirSync('test/contract').map((name) => `test/contract/${name}`);
  return [file, ...contracts].map((path) => readFileSync(path, 'utf8')).join('\n');
}
