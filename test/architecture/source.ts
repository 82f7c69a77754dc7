/** The files under src/, parsed: what the rules of the architecture are asked about. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

export interface Source {
  /** From src/, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** As written, type imports and re-exports included. */
  readonly imports: readonly string[];
}

export function parseSource(path: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  return { path, text, tree, imports: nodesOf(tree).flatMap(importedBy) };
}

export function readSources(): Source[] {
  const paths = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'));
  return paths.map((path) => parseSource(path, readFileSync(`src/${path}`, 'utf8')));
}

/** The file under src/ that a relative import of `source` names. */
export function targetOf(source: Source, specifier: string): string {
  return posix.join(posix.dirname(source.path), specifier);
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith('.');
}

export function nodesOf(root: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return nodes;
}

/** `path:line`, as editors link it. */
export function placeOf(source: Source, node: ts.Node): string {
  const { line } = source.tree.getLineAndCharacterOfPosition(node.getStart());
  return `src/${source.path}:${line + 1}`;
}

export function lineCountOf(source: Source, node: ts.Node): number {
  const lineAt = (position: number) => source.tree.getLineAndCharacterOfPosition(position).line;
  return lineAt(node.end) - lineAt(node.getStart()) + 1;
}

function importedBy(node: ts.Node): string[] {
  let specifier: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    specifier = node.moduleSpecifier;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    specifier = node.arguments[0];
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    specifier = node.argument.literal;
  }
  return specifier !== undefined && ts.isStringLiteral(specifier) ? [specifier.text] : [];
}
