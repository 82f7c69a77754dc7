// @ts-check
/** A dedicated worker: does one task for one engine. */
import { engineNamed } from './engines/all.mjs';
import { fill, measure } from './workload.mjs';

/** @import { BrowserAnswer, BrowserRequest } from './types.ts' */

const scope = /** @type {any} */ (globalThis);

scope.onmessage = async (/** @type {{ data: BrowserRequest }} */ { data }) => {
  scope.postMessage(await answer(data));
};

/** @param {BrowserRequest} request @returns {Promise<BrowserAnswer>} */
async function answer({ task, engine, store, scale }) {
  try {
    const place = { kind: engineNamed(engine), store, scale };
    return { figures: await (task === 'fill' ? fill(place) : measure(place)) };
  } catch (error) {
    return { error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) };
  }
}
