/** What the pages name is there, and what is there is named. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { decide, SNAPSHOT_STATES, WAL_STATES } from '../../src/store/recovery.ts';
import { PAGES, type Page, page, prose, ROOT, tableRows } from './pages.ts';

const ERRORS = page('docs/errors.md');
const EVERYTHING = PAGES.map(({ text }) => text).join('\n');

describe('docs/errors.md', () => {
  test('has a paragraph for every code in the source, and no other', () => {
    expect(codesInPage().sort()).toEqual(codesInSource().sort());
  });

  test('says something about each of them', () => {
    for (const code of codesInPage()) expect(paragraphOf(code).length, code).toBeGreaterThan(80);
  });

  test('has a chapter for every class in the source', () => {
    const chapters = [...ERRORS.text.matchAll(/^## .*?: (.*)$/gm)].flatMap(([, names]) =>
      (names as string).split(', '),
    );

    expect(chapters.sort()).toEqual(errorClasses().sort());
  });

  test('and README.md name the same codes', () => {
    const table =
      page('README.md')
        .text.split(/^## Errors$/m)[1]
        ?.split(/^## /m)[0] ?? '';
    const named = codesInSource().filter((code) => table.includes(`\`${code}\``));

    expect(named).toEqual(codesInSource());
  });
});

test('every option of options.ts is named in the pages', () => {
  const missing = optionNames().filter((name) => !EVERYTHING.includes(`\`${name}\``));

  expect(optionNames().length).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});

test('every npm script that the pages name is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const named = [...EVERYTHING.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(
    ([, script, short]) => script ?? short,
  );

  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => scripts[name as string] === undefined)).toEqual([]);
});

test('README.md says of each command what --help says', () => {
  const [, ...rows] = tableRows(page('README.md'), 'Command line');

  expect(rows).toEqual(COMMANDS.map(({ name, summary }) => [`\`${name}\``, summary]));
});

test('every file that the pages name is there', () => {
  const named = [...EVERYTHING.matchAll(/`((?:src|test|docs|bench)\/[\w./-]+)`/g)];

  expect(named.length).toBeGreaterThan(20);
  expect(
    named.map(([, path]) => path as string).filter((path) => !existsSync(join(ROOT, path))),
  ).toEqual([]);
});

test('every relative link leads somewhere, to its heading too', () => {
  const broken = PAGES.flatMap((from) =>
    linksOf(from).filter((link) => !leadsSomewhere(from, link)),
  );

  expect(PAGES.flatMap(linksOf).length).toBeGreaterThan(10);
  expect(broken).toEqual([]);
});

test('the decision tables of docs/design.md are those of the source', () => {
  const { text } = page('docs/design.md');
  const titles = [...text.matchAll(/^\*\*`([\w-]+)`\*\*(?:, and \*\*`([\w-]+)`\*\*.*)?$/gm)];
  const modes = titles.flatMap(([, mode, twin]) => (twin === undefined ? [mode] : [mode, twin]));
  expect(modes.sort()).toEqual(['inspect', 'point-in-time', 'safe', 'skip-corrupt', 'strict']);

  for (const [title, mode, twin] of titles) {
    const rows = text.split(title)[1]?.trim().split('\n\n')[0]?.split('\n').slice(2);
    for (const asMode of twin === undefined ? [mode] : [mode, twin]) {
      expect(rows, asMode).toEqual(tableOf(asMode as Parameters<typeof decide>[0]));
    }
  }
});

function tableOf(mode: Parameters<typeof decide>[0]): string[] {
  return SNAPSHOT_STATES.map((snapshot) => {
    const cells = WAL_STATES.map((wal) => decide(mode, { snapshot, wal }));
    return `| ${[snapshot, ...cells].join(' | ')} |`;
  });
}

function codesInPage(): string[] {
  return [...ERRORS.text.matchAll(/^### ([A-Z_]+)$/gm)].map(([, code]) => code as string);
}

function paragraphOf(code: string): string {
  return (
    ERRORS.text
      .split(new RegExp(`^### ${code}$`, 'm'))[1]
      ?.split(/^##/m)[0]
      ?.trim() ?? ''
  );
}

/** The string literals of the types that end in `Code`. */
function codesInSource(): string[] {
  const codes = new Set<string>();
  eachStatement('src/errors.ts', (statement) => {
    if (!ts.isTypeAliasDeclaration(statement) || !statement.name.text.endsWith('Code')) return;
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteral(node)) codes.add(node.text);
      node.forEachChild(visit);
    };
    visit(statement);
  });
  return [...codes];
}

function errorClasses(): string[] {
  const names: string[] = [];
  eachStatement('src/errors.ts', (statement) => {
    const name = ts.isClassDeclaration(statement) ? statement.name?.text : undefined;
    if (name !== undefined && name !== 'OnewalError') names.push(name);
  });
  return names;
}

/** Of the interfaces that a caller fills in. */
function optionNames(): string[] {
  const names: string[] = [];
  eachStatement('src/options.ts', (statement) => {
    if (!ts.isInterfaceDeclaration(statement) || !/Options$/.test(statement.name.text)) return;
    if (statement.name.text.startsWith('Checked')) return;
    for (const member of statement.members) if (member.name) names.push(member.name.getText());
  });
  return names;
}

function eachStatement(path: string, visit: (statement: ts.Statement) => void): void {
  const text = readFileSync(join(ROOT, path), 'utf8');
  ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true).statements.forEach(visit);
}

function linksOf(from: Page): string[] {
  return [...prose(from).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link as string)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(from: Page, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? from.path : join(dirname(from.path), path);
  if (!existsSync(join(ROOT, target))) return false;
  if (heading === undefined) return true;
  return headingsOf(page(target)).includes(heading);
}

/** As the anchors that renderers of Markdown make of them. */
function headingsOf(found: Page): string[] {
  return [...prose(found).matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
    (text as string)
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  );
}
