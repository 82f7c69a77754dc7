/** The automatic mutants: what is changed, and that one text holds them all. */
import { expect, test } from 'vitest';
import { instrument } from './instrument.mjs';
import { automaticMutants, ROOMS } from './mutants.mjs';
import { changesOf } from './operators.mjs';

const isOn = (id: number) => `on(${id})`;
const afterEach = (text: string): string[] =>
  changesOf('x.ts', text).map(({ start, end, replace }) =>
    `${text.slice(0, start)}${replace}${text.slice(end)}`.trim(),
  );

test.each([
  ['if (a) b();', ['if (true) b();', 'if (false) b();', 'if (a)']],
  ['x = a < 2;', ['', 'x = (a) <= (2);', 'x = a < (2 + 1);']],
  ['x = f(a && b);', ['', 'x = f(a);', 'x = f(b);']],
  ['x = a === b;', ['', 'x = (a) !== (b);']],
  ['x = a?.b.c();', ['', 'x = a.b.c();']],
  ['x = a ?? b;', ['', 'x = a;', 'x = b;']],
  ['x = [a, ...b];', ['', 'x = [...b];', 'x = [a];']],
  ['function* f() { yield* wait(p()); }', ['function* f() {  }', 'function* f() { p(); }']],
  ['async () => { await p(); }', ['async () => {  }', 'async () => { p(); }', '']],
])('%s is changed in every way that could matter', (text, expected) => {
  expect(afterEach(text).sort()).toEqual([...expected].sort());
});

test.each([
  ["assert(a < 2, 'a is small');"],
  ["type A = 'x' | 1;"],
  ["import { a } from './a.ts';"],
  ["const words = 'two words';"],
])('%s is left alone', (text) => {
  expect(changesOf('x.ts', text)).toEqual([]);
});

test('all changes stand in one text, the outer around the inner, each behind its switch', () => {
  const text = 'if (a < 1) b(true);';
  const changes = changesOf('x.ts', text).map((change, id) => ({ ...change, id }));

  const written = instrument(text, changes, isOn);

  expect(written).toBe(
    'if ((on(0) ? (true) : on(1) ? (false) : on(2) ? ((a) <= (1)) : ' +
      '(a < (on(3) ? ((1 + 1)) : (1))))) ' +
      '{ if (!on(4)) { b((on(5) ? (false) : (true))); } }',
  );
});

test('every room has mutants, each with a name of its own', () => {
  const mutants = automaticMutants(process.cwd());

  const names = new Set(mutants.map(({ name }) => name));

  expect(new Set(mutants.map(({ room }) => room))).toEqual(new Set(Object.keys(ROOMS)));
  expect(names.size).toBe(mutants.length);
});
