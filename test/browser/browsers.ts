/** The browsers of this system, driven without downloading any. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import type { Answer } from './page/answer.ts';

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

type Where = 'inPage' | 'inWorker';

/** A tab whose page was loaded. */
export interface Tab {
  /** Throws what the action threw: an Error with its `code` and `committed`. */
  call<T>(where: Where, action: string, ...args: readonly unknown[]): Promise<T>;
}

export const chromiumPath = pathOf('chromium', 'chromium-browser', 'google-chrome');
export const firefoxPath = pathOf('firefox-esr', 'firefox');

function pathOf(...commands: readonly string[]): string | undefined {
  for (const command of commands) {
    const { status, stdout } = spawnSync('which', [command], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return undefined;
}

export interface Profile {
  readonly path: string;
  remove(): void;
}

export function makeProfile(): Profile {
  const path = mkdtempSync(join(tmpdir(), 'onewal-profile-'));
  // A browser that was killed may still be writing.
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export function launchChromium(profile: Profile): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile.path, {
    executablePath: chromiumPath as string,
    headless: true,
    args: CHROMIUM_FLAGS,
  });
}

export async function openTab(
  context: BrowserContext,
  url: string,
): Promise<Tab & { readonly page: Page }> {
  const page = await context.newPage();
  await page.goto(url, { waitUntil: 'load' });
  return { page, call: (...call) => outcomeOf(page.evaluate(request, call)) };
}

/** Playwright drives no Firefox but its own. */
export async function launchFirefox(
  profile: Profile,
  url: string,
): Promise<Tab & { close(): Promise<void> }> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: firefoxPath as string,
    headless: true,
    userDataDir: profile.path,
    protocolTimeout: 300_000,
  });
  const page = await browser.newPage();
  await page.goto(url, { waitUntil: 'load' });
  return {
    call: (...call) => outcomeOf(page.evaluate(request, call)),
    close: () => browser.close(),
  };
}

type Call = readonly [where: Where, action: string, ...args: unknown[]];

/** Runs in the page. */
function request([where, action, ...args]: Call): Promise<Answer> {
  type Scope = { [where in Where]: (action: string, args: readonly unknown[]) => Promise<Answer> };
  return (globalThis as unknown as Scope)[where](action, args);
}

async function outcomeOf<T>(asked: Promise<unknown>): Promise<T> {
  const answer = (await asked) as Answer;
  if ('value' in answer) return answer.value as T;
  const { message, ...fields } = answer.error;
  throw Object.assign(new Error(String(message)), fields);
}
