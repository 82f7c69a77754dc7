/** What may stand in the published scripts: parsed, so that comments and strings do not count. */
import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parse } from 'acorn';

const PORTABLE_ENTRIES = [
  ...['index', 'memory', 'opfs', 'indexed-db', 'cordova', 'testing', 'remote', 'inspect'],
  ...['browser', 'level', 'simple-db', 'storage-backend'],
];
const PEERS = ['abstract-level'];

export function checkSource(installed) {
  const files = readdirSync(installed, { recursive: true }).map(String);
  for (const file of files.filter((name) => /\.m?js$/.test(name))) {
    deepEqual(evaluations(parseFile(join(installed, file))), [], `${file} evaluates text`);
  }
  for (const entry of PORTABLE_ENTRIES) {
    for (const extension of ['js', 'mjs']) checkPortable(installed, `${entry}.${extension}`);
  }
}

/** Everything an entry loads stays without `node:` and Buffer. */
function checkPortable(installed, entry) {
  const pending = [join(installed, entry)];
  const seen = new Set(pending);
  for (const path of pending) {
    const nodes = parseFile(path);
    const name = relative(installed, path);
    equal(nodes.filter(isBuffer).length, 0, `${name}, loaded by ${entry}, mentions Buffer`);
    for (const source of nodes.flatMap(importedSource)) {
      if (PEERS.includes(source)) continue;
      equal(source.startsWith('.'), true, `${name}, loaded by ${entry}, imports ${source}`);
      const target = join(dirname(path), source);
      if (!seen.has(target)) pending.push(target);
      seen.add(target);
    }
  }
}

/** All nodes of a script, which must be ES2020: without class fields. */
export function parseFile(path) {
  const sourceType = path.endsWith('.mjs') ? 'module' : 'script';
  const nodes = [];
  const visit = (node) => {
    if (typeof node?.type === 'string') nodes.push(node);
    for (const child of Object.values(node)) {
      if (typeof child === 'object' && child !== null) visit(child);
    }
  };
  visit(
    parse(readFileSync(path, 'utf8'), {
      ecmaVersion: 2020,
      sourceType,
      allowHashBang: true,
    }),
  );
  return nodes;
}

export function evaluations(nodes) {
  return nodes.filter(
    ({ type, callee }) =>
      (type === 'CallExpression' || type === 'NewExpression') &&
      callee.type === 'Identifier' &&
      (callee.name === 'eval' || callee.name === 'Function'),
  );
}

export function isBuffer(node) {
  return node.type === 'Identifier' && node.name === 'Buffer';
}

export function importedSource(node) {
  const isRequire = node.type === 'CallExpression' && node.callee.name === 'require';
  const source = isRequire ? node.arguments[0] : node.source;
  return typeof source?.value === 'string' ? [source.value] : [];
}
