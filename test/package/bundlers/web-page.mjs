/** Runs a script with what a web page has, and nothing of Node. */
import { createContext, runInContext } from 'node:vm';

const OF_A_PAGE = {
  AbortController,
  AbortSignal,
  DOMException,
  Event,
  EventTarget,
  TextDecoder,
  TextEncoder,
  atob,
  btoa,
  clearTimeout,
  console,
  crypto: globalThis.crypto,
  performance,
  queueMicrotask,
  setTimeout,
  structuredClone,
};

/**
 * @param {string} script It leaves a promise in the global `outcome`.
 * @param {{ readonly hasWebAssembly: boolean }} host
 * @returns {Promise<unknown>} What the promise resolves to, as a plain value.
 */
export async function runInPage(script, { hasWebAssembly }) {
  const page = createContext(
    { ...OF_A_PAGE },
    { codeGeneration: { strings: false, wasm: hasWebAssembly } },
  );
  runInContext('globalThis.self = globalThis.window = globalThis', page);
  if (!hasWebAssembly) runInContext('delete globalThis.WebAssembly', page);
  runInContext(script, page);
  return JSON.parse(JSON.stringify(await page.outcome));
}
