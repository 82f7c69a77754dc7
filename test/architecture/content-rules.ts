/** What may stand in a file: DESIGN, "Rooms", and STYLE. */
import ts from 'typescript';
import type { Rule } from './rule.ts';
import { lineCountOf, nodesOf, placeOf, type Source } from './source.ts';

const PURE_FILES = [
  /^bytes\/(?!checksum\.ts$)/, // which has to wait for WebAssembly
  /^codec\//,
  /^memtable\//,
  /^wal\/(frame|record)\.ts$/,
  /^snapshot\/(block|format)\.ts$/,
  /^store\/recovery\.ts$/,
];
const CLOCKS_AND_CHANCE = new Set([
  'Date.now',
  'Math.random',
  'performance',
  'crypto',
  'Promise',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
]);
const UNFINISHED = new RegExp(
  `\\b(${['TO', 'FIX'].map((verb) => `${verb}DO|${verb}ME`).join('|')})\\b`,
);
const EMPTY_NAMES = /^(helper|util|utility|common|base|impl|manager|inner|misc)s?$/i;

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 60;
const PARAMETERS_MAX = 3;

export const contentRules: readonly Rule[] = [
  {
    sentence: 'pure files neither wait, nor read a clock, nor take a chance',
    find: (sources) => {
      const pure = sources.filter(({ path }) => PURE_FILES.some((file) => file.test(path)));
      return eachNode(pure, (node) => waits(node) || CLOCKS_AND_CHANCE.has(node.getText()));
    },
    broken: [
      { 'codec/clock.ts': 'export const now = () => Date.now();' },
      { 'memtable/waiting.ts': 'export async function wait() {}' },
      { 'bytes/chance.ts': 'export const roll = () => Math.random();' },
    ],
  },
  {
    sentence: 'nothing is of the type any',
    find: (sources) => eachNode(sources, (node) => node.kind === ts.SyntaxKind.AnyKeyword),
    broken: [{ 'bytes/any.ts': 'export let value: any;' }],
  },
  {
    sentence: 'nothing is left to be done',
    find: (sources) =>
      sources.filter(({ text }) => UNFINISHED.test(text)).map(({ path }) => `src/${path}`),
    broken: [{ 'bytes/later.ts': `// ${'TO'}DO: check the length` }],
  },
  {
    sentence: 'no file and nothing exported has a name without meaning',
    find: (sources) => [
      ...sources.filter(hasEmptyName).map(({ path }) => `src/${path}`),
      ...emptyExports(sources),
    ],
    broken: [{ 'bytes/byte-utils.ts': '' }, { 'bytes/order.ts': 'export class OrderManager {}' }],
  },
  {
    sentence: `a file has at most ${FILE_LINES_MAX} lines`,
    find: (sources) =>
      sources
        .map(({ path, text }) => ({ path, count: text.split('\n').length - 1 }))
        .filter(({ count }) => count > FILE_LINES_MAX)
        .map(({ path, count }) => `src/${path}: ${count} lines`),
    broken: [{ 'bytes/long.ts': '\n'.repeat(FILE_LINES_MAX + 1) }],
  },
  {
    sentence: `a function has at most ${FUNCTION_LINES_MAX} lines`,
    find: (sources) =>
      eachNode(sources, (node, source) => {
        return ts.isFunctionLike(node) && lineCountOf(source, node) > FUNCTION_LINES_MAX;
      }),
    broken: [{ 'bytes/long.ts': `export function long() {${'\n'.repeat(FUNCTION_LINES_MAX)}}` }],
  },
  {
    sentence: `a call from outside passes at most ${PARAMETERS_MAX} values by position`,
    find: (sources) =>
      eachCallable(sources, ({ parameters }) => parameters.length > PARAMETERS_MAX),
    broken: [{ 'bytes/many.ts': 'export function many(a: 1, b: 2, c: 3, d: 4) {}' }],
  },
  {
    sentence: 'a call from outside passes no flag by position',
    find: (sources) =>
      eachCallable(sources, (callable) => {
        return !isAssertion(callable) && callable.parameters.some(isFlag);
      }),
    broken: [
      { 'bytes/flag.ts': 'export function open(create: boolean) {}' },
      { 'bytes/method.ts': 'export class Opener { open(create = false) {} }' },
    ],
  },
];

function waits(node: ts.Node): boolean {
  return ts.isAwaitExpression(node) || node.kind === ts.SyntaxKind.AsyncKeyword;
}

function eachNode(
  sources: readonly Source[],
  isBroken: (node: ts.Node, source: Source) => boolean,
): string[] {
  return sources.flatMap((source) =>
    nodesOf(source.tree)
      .filter((node) => isBroken(node, source))
      .map((node) => `${placeOf(source, node)} ${node.getText().split('\n')[0]}`),
  );
}

function hasEmptyName({ path }: Source): boolean {
  return path
    .replace(/\.ts$/, '')
    .split(/[/-]/)
    .some((word) => EMPTY_NAMES.test(word));
}

/** The last word says what a thing is: OrderManager, parseUtils. */
function emptyExports(sources: readonly Source[]): string[] {
  return eachNode(sources.slice(), (node) => {
    if (!isNamedDeclaration(node) || !isExported(node)) return false;
    const words = node.name?.getText().split(/(?=[A-Z])|_/) ?? [];
    return EMPTY_NAMES.test(words.at(-1) ?? '');
  });
}

type Named = ts.Node & { readonly name?: ts.Node };

function isNamedDeclaration(node: ts.Node): node is Named {
  return ts.isDeclarationStatement(node) || ts.isVariableDeclaration(node);
}

function isExported(node: ts.Node): boolean {
  const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

/** Exported functions, and the constructors and methods of exported classes that others may call. */
function eachCallable(
  sources: readonly Source[],
  isBroken: (callable: ts.SignatureDeclaration) => boolean,
): string[] {
  return eachNode(sources, (node) => isCallableFromOutside(node) && isBroken(node));
}

function isCallableFromOutside(node: ts.Node): node is ts.SignatureDeclaration {
  if (ts.isFunctionDeclaration(node)) return isExported(node);
  if (ts.isMethodSignature(node)) return isExported(node.parent);
  if (!ts.isMethodDeclaration(node) && !ts.isConstructorDeclaration(node)) return false;
  const isHidden = ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private;
  const isPrivate = node.name !== undefined && ts.isPrivateIdentifier(node.name);
  return !isHidden && !isPrivate && isExported(node.parent);
}

function isFlag({ type, initializer }: ts.ParameterDeclaration): boolean {
  const isLiteral =
    initializer?.kind === ts.SyntaxKind.TrueKeyword ||
    initializer?.kind === ts.SyntaxKind.FalseKeyword;
  return isLiteral || type?.kind === ts.SyntaxKind.BooleanKeyword;
}

/** What an assertion is passed is the condition itself. */
function isAssertion({ type }: ts.SignatureDeclaration): boolean {
  return type !== undefined && ts.isTypePredicateNode(type) && type.assertsModifier !== undefined;
}
