/** What docs/reliability.md names is there: commands, tests, mutants, and every exhibit. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MUTANTS } from '../mutants/mutants.mjs';
import { page, ROOT, tableRows } from './pages.ts';

const PAGE = page('docs/reliability.md');
const GATES = 'test/prove/gates/index.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const rows = (heading: string) => tableRows(PAGE, heading).slice(1);

/** Every command, with what `npm run` is to be put in front of. */
const COMMANDS = [...PAGE.text.matchAll(/`((?:npm test --|prove --|fuzz|mutants)[^`]*)`/g)].map(
  ([, command]) => command as string,
);

describe('a command', () => {
  test('of npm test names a test, or a directory of tests', () => {
    const paths = COMMANDS.filter((command) => command.startsWith('npm test')).map((command) =>
      command.replace('npm test -- ', ''),
    );

    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !path.startsWith('test/'))).toEqual([]);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('behind npm run is a script', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const names = new Set(
      COMMANDS.filter((command) => !command.startsWith('npm ')).map((it) => it.split(' ')[0]),
    );

    const missing = [...names].filter((name) => scripts[name as string] === undefined);
    // The gates have a script where there are any.
    expect(missing).toEqual(existsSync(join(ROOT, GATES)) ? [] : ['prove']);
  });

  test('has a row among the figures, if it is a gate, and no gate is without one', async () => {
    const figures = gatesIn(tableRows(PAGE, 'Figures').map(([command]) => command));

    expect(new Set(gatesIn(COMMANDS)).size).toBeGreaterThan(10);
    expect([...new Set(figures)]).toEqual(figures);
    expect(figures.sort()).toEqual([...new Set(gatesIn(COMMANDS))].sort());
    const gates = await gatesInSource();
    if (gates.length > 0) expect(figures).toEqual(gates.sort());
  });
});

describe('the faults that were found', () => {
  const found = rows('Faults found in onewal');

  test('have each a test that reproduces it', () => {
    expect(found.length).toBeGreaterThan(25);
    for (const [what, , where] of found) expectTest(String(where), String(what));
  });

  test('say by what they were found', () => {
    const means = new Set(found.map(([, by]) => by));

    expect([...means].sort()).toEqual(['a browser', 'fuzzing', 'proof', 'review', 'second reader']);
  });
});

describe('the museum', () => {
  const exhibits = rows('The museum');

  test('has a row for each of its tests, and no other', () => {
    const listed = exhibits.map(([, , where]) => String(where).replaceAll('`', ''));
    const tests = testFiles().flatMap((file) =>
      namesIn(file).map((name) => `${file} > ${name.split(':')[0]}`),
    );

    expect(listed.length).toBeGreaterThan(25);
    expect(listed.sort()).toEqual(tests.sort());
  });

  test('names for each a mutant that there is', () => {
    const names = new Set(MUTANTS.map(({ name }) => name));

    for (const [, , , mutant] of exhibits) expect(names).toContain(mutant);
  });

  test('says of each what went wrong there, with a source', () => {
    for (const [source, what] of exhibits) {
      expect(source, what).toMatch(/\(https:\/\//);
      expect(String(what).length, source).toBeGreaterThan(20);
    }
  });

  test('has the number of tests that the figures say', () => {
    const row = tableRows(PAGE, 'Figures').find(([command]) => command?.includes('test/museum'));

    expect(row?.[1]).toBe(`${exhibits.length} tests`);
  });

  test('leaves out no defect of SimpleDb', () => {
    const numbers = [...read('test/facade/simple-db-defects.test.ts').matchAll(/'defect (\d+),/g)];
    const others = [...read('test/facade/simple-db-defects.test.ts').matchAll(/"defect (\d+),/g)];

    expect(
      [...numbers, ...others].map(([, number]) => Number(number)).sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
    expect(PAGE.text).toContain('`test/facade/simple-db-defects.test.ts`');
  });
});

test('the tests that hold an invariant are there, and so are all ten', () => {
  const invariants = rows('Invariants');

  expect(invariants.map(([name]) => name?.split(' ')[0])).toEqual(
    Array.from({ length: 10 }, (_, index) => `I${index + 1}`),
  );
  for (const [name, , held] of invariants) {
    const files = [...String(held).matchAll(/`([^`]+)`/g)].map(([, file]) => file as string);
    expect(files.length, name).toBeGreaterThan(0);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
  }
});

test('the pages agree on the number of mutants, to the ten', () => {
  const tens = Math.floor(MUTANTS.length / 10) * 10;

  expect(PAGE.text).toContain(`broken in ${tens} ways and more`);
  expect(page('README.md').text).toContain(`breaks the engine in ${tens} ways`);
});

function gatesIn(commands: readonly (string | undefined)[]): string[] {
  return commands.flatMap((command) =>
    [...String(command).matchAll(/prove -- --only ([\w-]+)/g)].map(([, gate]) => gate as string),
  );
}

/** As `npm run prove` lists them; none where there are none yet. */
async function gatesInSource(): Promise<string[]> {
  const index = join(ROOT, GATES);
  if (!existsSync(index)) return [];
  const { gates } = await import(/* @vite-ignore */ index);
  return gates.map(({ name }: { readonly name: string }) => name);
}

function testFiles(): string[] {
  return readdirSync(join(ROOT, 'test/museum'))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/museum/${name}`);
}

function namesIn(file: string): string[] {
  const names = [...read(file).matchAll(/^(?: {2}'|test\(')([^']+)',(?: |$)/gm)];
  expect(names.length, file).toBe([...read(file).matchAll(/^test\w*\(/gm)].length);
  return names.map(([, name]) => name as string);
}

/** `where` is a file in backquotes, with a part of a test's name behind it or none. */
function expectTest(where: string, what: string): void {
  const [file = '', name = ''] = where.replaceAll('`', '').split(' > ');
  expect(existsSync(join(ROOT, file)), what).toBe(true);
  expect(read(file), what).toContain(name);
}
