/**
 * Every example in README.md and docs/ is checked by the compiler and run. What `console.log` prints
 * must be what the comment behind the call says, where there is one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import * as memoryLevel from 'memory-level';
import * as onewal from 'onewal';
import * as browser from 'onewal/browser';
import * as cordova from 'onewal/cordova';
import * as indexedDb from 'onewal/indexed-db';
import * as inspect from 'onewal/inspect';
import * as kvstore from 'onewal/kvstore';
import * as level from 'onewal/level';
import * as memory from 'onewal/memory';
import * as node from 'onewal/node';
import * as opfs from 'onewal/opfs';
import * as remote from 'onewal/remote';
import * as simpleDb from 'onewal/simple-db';
import * as storageBackend from 'onewal/storage-backend';
import * as testing from 'onewal/testing';
import ts from 'typescript';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CodeBlock, codeBlocks, PAGES, ROOT } from './pages.ts';

const MODULES: { readonly [name: string]: unknown } = {
  onewal,
  'onewal/level': level,
  'onewal/memory': memory,
  'onewal/node': node,
  'onewal/opfs': opfs,
  'onewal/indexed-db': indexedDb,
  'onewal/cordova': cordova,
  'onewal/browser': browser,
  'onewal/testing': testing,
  'onewal/remote': remote,
  'onewal/inspect': inspect,
  'onewal/simple-db': simpleDb,
  'onewal/storage-backend': storageBackend,
  'onewal/kvstore': kvstore,
  'memory-level': memoryLevel,
};
const SOURCES: { readonly [name: string]: string } = {
  onewal: 'src/index-node.ts',
  'onewal/level': 'src/facade/level-node.ts',
  'onewal/memory': 'src/fs/memory.ts',
  'onewal/node': 'src/fs/node.ts',
  'onewal/opfs': 'src/fs/opfs.ts',
  'onewal/indexed-db': 'src/fs/indexed-db.ts',
  'onewal/cordova': 'src/fs/cordova.ts',
  'onewal/browser': 'src/browser/open-best.ts',
  'onewal/testing': 'src/testing/index.ts',
  'onewal/remote': 'src/remote/index.ts',
  'onewal/inspect': 'src/inspect/index.ts',
  'onewal/simple-db': 'src/facade/simple-db-node.ts',
  'onewal/storage-backend': 'src/facade/storage-backend-node.ts',
  'onewal/kvstore': 'src/facade/kvstore.ts',
};
const RUNNABLE = new Set(['ts', 'js']);
const BLOCKS = PAGES.flatMap(codeBlocks).filter(({ language }) => RUNNABLE.has(language));
const TO_RUN = BLOCKS.filter(({ reasonNotToRun }) => reasonNotToRun === undefined);
const EXPECTED_OUTPUT = /console\.log\(.*\);? \/\/ (.*)$/gm;

const before = process.cwd();
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'onewal-example-'));
  process.chdir(directory);
});

afterEach(() => {
  vi.restoreAllMocks();
  process.chdir(before);
  rmSync(directory, { recursive: true, force: true });
});

test('there are examples', () => {
  expect(TO_RUN.length).toBeGreaterThan(2);
});

test.each(TO_RUN.map((block) => [placeOf(block), block] as const))('%s runs', async (_, block) => {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((...values) => void printed.push(format(...values)));

  await run(block);

  const expected = Array.from(block.code.matchAll(EXPECTED_OUTPUT), ([, comment]) => comment);
  expect(printed).toEqual(expect.arrayContaining(expected));
});

test('the compiler has nothing against the examples', () => {
  expect(complaintsOf(TO_RUN)).toEqual([]);
}, 60_000);

async function run(block: CodeBlock): Promise<void> {
  const { outputText } = ts.transpileModule(block.code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
  const body = outputText.replace(
    /^import (\{[^}]*\}) from ['"]([^'"]+)['"];?$/gm,
    (_, names: string, module: string) =>
      `const ${names.replace(/ as /g, ': ')} = modules[${JSON.stringify(module)}];`,
  );
  await new AsyncFunction('modules', body)(MODULES);
}

/** As a user's compiler would see them, each a module of its own. */
function complaintsOf(blocks: readonly CodeBlock[]): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    strict: true,
    noEmit: true,
    allowJs: true,
    checkJs: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    paths: Object.fromEntries(
      Object.entries(SOURCES).map(([name, path]) => [name, [join(ROOT, path)]]),
    ),
  };
  const host = ts.createCompilerHost(options);
  const examples = new Map(
    blocks.map((block, i) => [join(ROOT, `example-${i}.${block.language}`), block]),
  );
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) => {
    const block = examples.get(name);
    return block === undefined
      ? readSource(name, version)
      : ts.createSourceFile(name, `${block.code}\nexport {};\n`, version);
  };
  const { fileExists } = host;
  host.fileExists = (name) => examples.has(name) || fileExists(name);
  host.getCurrentDirectory = () => ROOT;
  const program = ts.createProgram([...examples.keys()], options, host);
  return [...examples].flatMap(([name, block]) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map(
        ({ messageText }) =>
          `${placeOf(block)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      ),
  );
}

function placeOf({ page, line }: CodeBlock): string {
  return `${page}:${line}`;
}
