/** Inputs in files, named after their content: corpus, findings, regressions. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface NamedInput {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** In the order of their names; a directory that is not there has none. */
export function readInputs(directory: string): NamedInput[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).sort();
  return names.map((name) => ({
    name,
    bytes: new Uint8Array(readFileSync(join(directory, name))),
  }));
}

/** Returns the path. */
export function writeInput(directory: string, bytes: Uint8Array): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, nameOf(bytes));
  writeFileSync(path, bytes);
  return path;
}

function nameOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** What is in the directory afterwards is `inputs`. */
export function replaceInputs(directory: string, inputs: readonly Uint8Array[]): void {
  rmSync(directory, { recursive: true, force: true });
  for (const input of inputs) writeInput(directory, input);
}

/** Where the inputs of a target are, under the root of the project. */
export function directoryOf(
  kind: 'corpus' | 'regressions' | 'discovered' | 'findings',
  { root, name }: { readonly root: string; readonly name: string },
): string {
  return join(root, 'fuzz', kind, name);
}
