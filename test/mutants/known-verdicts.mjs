// @ts-check
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** @import { Mutant } from './mutant.mjs' */
/** @import { Verdict } from './workbench.mjs' */

/** What an earlier run has found stands as long as nothing of the mutant has changed. */
export class KnownVerdicts {
  /** @type {Record<string, Verdict>} */
  #verdicts = {};
  #path;

  /** @param {string} path @param {{ resume: boolean }} options */
  constructor(path, { resume }) {
    this.#path = path;
    if (!resume || !existsSync(path)) return;
    /** @type {Record<string, Verdict>} */
    const found = JSON.parse(readFileSync(path, 'utf8'));
    const killed = Object.entries(found).filter(([, { verdict }]) => verdict === 'killed');
    this.#verdicts = Object.fromEntries(killed);
  }

  /** @param {Mutant} mutant */
  has(mutant) {
    return this.of(mutant) !== undefined;
  }

  /** @param {Mutant} mutant */
  of({ file, find, replace, tests }) {
    return this.#verdicts[JSON.stringify([file, find, replace, tests])];
  }

  /** @param {Mutant} mutant @param {Verdict} verdict */
  add({ file, find, replace, tests }, verdict) {
    this.#verdicts[JSON.stringify([file, find, replace, tests])] = verdict;
    writeFileSync(this.#path, JSON.stringify(this.#verdicts, undefined, 1));
  }
}
