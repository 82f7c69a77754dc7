/** A target as one file of JavaScript, with counters in what is measured. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { instrument } from './instrument.ts';
import { probesOfProcess } from './probes.ts';
import type { Target } from './target.ts';

/** The engine; targets and what they need to make inputs are not counted. */
const ENGINE = /^src\/(?!testing\/)/;

export interface BundleOptions {
  readonly directory: string;
  readonly measured?: RegExp;
  /** `plain` is for other fuzzers, which put in counters of their own. */
  readonly form?: 'instrumented' | 'plain';
}

/** Returns the path of the bundle. `file` is the TypeScript of the target. */
export async function bundleTarget(file: string, options: BundleOptions): Promise<string> {
  const { directory, measured = ENGINE, form = 'instrumented' } = options;
  const bundle = await rolldown({ input: file, platform: 'node', logLevel: 'warn' });
  const { output } = await bundle.generate({
    format: 'esm',
    sourcemap: true,
    codeSplitting: false,
  });
  await bundle.close();
  const [{ code, map }] = output;
  const path = join(directory, `${basename(file, '.ts')}.mjs`);
  const isMeasured = (module: string): boolean => measured.test(module);
  const text = form === 'plain' ? code : instrument(code, isMeasured);
  writeFileSync(path, `${withoutMapComment(text)}\n//# sourceMappingURL=${basename(path)}.map\n`);
  writeFileSync(`${path}.map`, JSON.stringify(map));
  return path;
}

/** Loads a bundle; its counters are those of the process from here on. */
export async function loadTarget(path: string): Promise<Target> {
  probesOfProcess();
  const target = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Partial<Target>;
  if (typeof target.fuzz !== 'function') throw new Error(`${path} exports no function fuzz`);
  return target as Target;
}

function withoutMapComment(code: string): string {
  return code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '');
}
