// @ts-check
/** The page: has each request answered by a worker that has done nothing else. */

/** @import { BrowserAnswer, BrowserRequest } from './types.ts' */

const scope = /** @type {any} */ (globalThis);

/** @param {BrowserRequest} request @returns {Promise<BrowserAnswer>} */
scope.ask = (request) =>
  new Promise((resolve) => {
    const worker = new scope.Worker('/worker.js', { type: 'module' });
    worker.onmessage = (/** @type {{ data: BrowserAnswer }} */ { data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = (/** @type {{ message?: string }} */ { message }) =>
      resolve({ error: message ?? 'the worker could not be started' });
    worker.postMessage(request);
  });
