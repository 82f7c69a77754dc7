// @ts-check
/** The browsers of this system, with a profile of their own on the disk that is measured. */
import { spawnSync } from 'node:child_process';
import puppeteer from 'puppeteer-core';
import { discard, scratchDirectory } from '../harness/scratch.mjs';

/** @import { BrowserAnswer, BrowserRequest } from './types.ts' */

const TIMEOUT_MS = 900_000;

/** @typedef {{ name: 'chromium' | 'firefox', title: string, path: string }} BrowserKind */

/** @type {readonly BrowserKind[]} */
export const BROWSERS = [
  ...found('chromium', ['chromium', 'chromium-browser', 'google-chrome']),
  ...found('firefox', ['firefox-esr', 'firefox']),
];

/** @param {BrowserKind['name']} name @param {readonly string[]} commands @returns {BrowserKind[]} */
function found(name, commands) {
  for (const command of commands) {
    const { status, stdout } = spawnSync('which', [command], { encoding: 'utf8' });
    if (status !== 0) continue;
    const path = stdout.trim();
    const { stdout: version } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    const title = /^(Mozilla )?(\w+ [\d.]+)/.exec(version)?.[2] ?? name;
    return [{ name, title, path }];
  }
  return [];
}

/**
 * A page of a fresh browser.
 *
 * @param {BrowserKind} kind @param {string} url
 */
export async function openPage({ name, path }, url) {
  const profile = scratchDirectory();
  const browser = await puppeteer.launch({
    browser: name === 'firefox' ? 'firefox' : 'chrome',
    executablePath: path,
    headless: true,
    userDataDir: profile,
    protocolTimeout: TIMEOUT_MS,
    timeout: TIMEOUT_MS,
    args:
      name === 'firefox'
        ? []
        : ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  const page = await browser.newPage();
  await page.goto(url, { waitUntil: 'load', timeout: TIMEOUT_MS });
  return {
    /** @param {BrowserRequest} request @returns {Promise<Record<string, number>>} */
    async ask(request) {
      /** @type {BrowserAnswer} */
      const answer = await page.evaluate(
        (asked) => /** @type {any} */ (globalThis).ask(asked),
        request,
      );
      if ('figures' in answer) return answer.figures;
      throw new Error(`${request.engine} did not ${request.task}: ${answer.error}`);
    },
    async close() {
      await browser.close();
      discard(profile);
    },
  };
}
