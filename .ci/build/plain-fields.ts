/**
 * Old bundlers parse no class fields, and the usual stand-in for a private one is a WeakMap, which
 * is slow. So each `#name` of ours becomes an ordinary property before the compiler sees it, and
 * fields become assignments in the constructor.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Rolldown } from 'tsdown';
import ts from 'typescript';

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));
const SHORT_NAMES = shortNames();
const OURS = /[\\/]src[\\/].*\.ts$/;

export function plainFields(): Rolldown.Plugin {
  return {
    name: 'plain-fields',
    transform: {
      filter: { id: OURS },
      handler: (code, id) => {
        const { outputText, sourceMapText } = ts.transpileModule(renamePrivate(code, id), {
          fileName: id,
          compilerOptions: {
            target: ts.ScriptTarget.ES2020,
            module: ts.ModuleKind.ESNext,
            useDefineForClassFields: false,
            verbatimModuleSyntax: true,
            sourceMap: true,
          },
        });
        const compiled = outputText.replace(/^\/\/# sourceMappingURL=.*$/m, '');
        return { code: compiled, map: sourceMapText ?? null, moduleType: 'js' };
      },
    },
  };
}

function renamePrivate(code: string, id: string): string {
  const file = ts.createSourceFile(id, code, ts.ScriptTarget.ESNext, true);
  const found: ts.PrivateIdentifier[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPrivateIdentifier(node)) found.push(node);
    node.forEachChild(visit);
  };
  visit(file);
  return found.reduceRight(
    (text, node) => text.slice(0, node.getStart()) + plainName(node) + text.slice(node.end),
    code,
  );
}

/** A subclass puts its own name in front: its parent may have a private field of the same name. */
function plainName(node: ts.PrivateIdentifier): string {
  const owner = classAround(node);
  const isSubclass = owner.heritageClauses?.some(
    ({ token }) => token === ts.SyntaxKind.ExtendsKeyword,
  );
  const short = SHORT_NAMES.get(node.text);
  if (short === undefined) throw new Error(`${node.text} was not found in ${SOURCES}`);
  return `_${isSubclass ? `${owner.name?.text}_` : ''}${short}`;
}

/** Bundlers leave the names of properties as they are: of ours the most frequent are the shortest. */
function shortNames(): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  for (const path of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue;
    for (const [name] of readFileSync(join(SOURCES, path), 'utf8').matchAll(/#[A-Za-z]\w*/g)) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const names = [...counts].sort(
    ([one, oneCount], [other, otherCount]) => otherCount - oneCount || (one < other ? -1 : 1),
  );
  return new Map(names.map(([name], i) => [name, i.toString(36)]));
}

function classAround(node: ts.Node): ts.ClassLikeDeclaration {
  return ts.isClassLike(node) ? node : classAround(node.parent);
}
