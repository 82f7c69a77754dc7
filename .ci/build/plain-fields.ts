/**
 * Old bundlers parse no class fields, and the usual stand-in for a private one is a WeakMap, which
 * is slow. So each `#name` of ours becomes an ordinary property before the compiler sees it, and
 * fields become assignments in the constructor.
 */
import type { Rolldown } from 'tsdown';
import ts from 'typescript';

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

/** The class is part of the new name: a subclass may have a private field of the same name. */
function renamePrivate(code: string, id: string): string {
  const file = ts.createSourceFile(id, code, ts.ScriptTarget.ESNext, true);
  const found: ts.PrivateIdentifier[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPrivateIdentifier(node)) found.push(node);
    node.forEachChild(visit);
  };
  visit(file);
  return found.reduceRight(
    (text, node) =>
      text.slice(0, node.getStart()) +
      `_${classNameAround(node)}_${node.text.slice(1)}` +
      text.slice(node.end),
    code,
  );
}

function classNameAround(node: ts.Node): string {
  if (ts.isClassLike(node)) return node.name?.text ?? '';
  return classNameAround(node.parent);
}
