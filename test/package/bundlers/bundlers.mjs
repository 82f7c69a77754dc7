/** Each bundler as an application would call it: for the web, minified where it can. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const TARGET = 'es2020';
const MAIN = 'main.mjs';

/**
 * @typedef {{ readonly app: string, readonly entry?: string, readonly output: string }} Job
 *   The folder of the application, with the package and the bundlers installed; the module in it
 *   to begin with; the file to make.
 * @type {Readonly<Record<string, (job: Job) => Promise<void>>>}
 */
export const BUNDLERS = {
  esbuild: bundleWithEsbuild,
  vite: bundleWithVite,
  webpack: bundleWithWebpack,
  browserify: bundleWithBrowserify,
};

/** @param {Job} job */
async function bundleWithEsbuild({ app, entry = MAIN, output }) {
  const { build } = await installed(app, 'esbuild');
  const entryPoints = [join(app, entry)];
  await build({
    entryPoints,
    outfile: output,
    bundle: true,
    minify: true,
    target: TARGET,
    logLevel: 'error',
  });
}

/** @param {Job} job */
async function bundleWithVite({ app, entry = MAIN, output }) {
  const { build } = await installed(app, 'vite');
  await build({
    root: app,
    configFile: false,
    logLevel: 'error',
    build: {
      target: TARGET,
      outDir: join(output, '..'),
      emptyOutDir: false,
      lib: {
        entry: join(app, entry),
        formats: ['iife'],
        name: 'app',
        fileName: () => 'vite.js',
      },
    },
  });
}

/** @param {Job} job */
async function bundleWithWebpack({ app, entry = MAIN, output }) {
  const { default: webpack } = await installed(app, 'webpack');
  const configuration = {
    mode: 'production',
    context: app,
    entry: `./${entry}`,
    target: ['web', TARGET],
    output: { path: join(output, '..'), filename: 'webpack.js' },
    performance: { hints: false },
  };
  await new Promise((resolve, reject) => {
    webpack(configuration, (/** @type {unknown} */ error, /** @type {any} */ stats) => {
      if (error !== null) reject(error);
      else if (stats.hasErrors() || stats.hasWarnings())
        reject(new Error(stats.toString('errors-warnings')));
      else resolve(undefined);
    });
  });
}

/** It knows neither `exports` nor ECMAScript modules: it finds files, and the field `browser`. */
/** @param {Job} job */
async function bundleWithBrowserify({ app, output }) {
  const { default: browserify } = await installed(app, 'browserify');
  const { writeFileSync } = await import('node:fs');
  const bytes = await new Promise((resolve, reject) => {
    browserify(join(app, 'main.cjs')).bundle(
      (/** @type {unknown} */ error, /** @type {Uint8Array} */ made) =>
        error ? reject(error) : resolve(made),
    );
  });
  writeFileSync(output, bytes);
}

/**
 * @param {string} app
 * @param {string} name
 * @returns {Promise<any>}
 */
function installed(app, name) {
  return import(pathToFileURL(createRequire(join(app, 'main.cjs')).resolve(name)).href);
}
