/** The browsers of this system, driven without downloading any. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import puppeteer, { type Page as FirefoxPage } from 'puppeteer-core';
import type { Answer } from './page/answer.ts';

const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
];

/** For one call of a page, a suite of tests at most, on a machine that is busy. */
const CALL_TIMEOUT_MS = 600_000;
const LAUNCH_TIMEOUT_MS = 120_000;
const ORDER_TIMEOUT_MS = 2000;
const ORDER_INTERVAL_MS = 20;

export type Where = 'inPage' | 'inWorker';

/** A tab whose page was loaded. */
export interface Tab {
  /** Throws what the action threw: an Error with its `code` and `committed`. */
  call<T = void>(where: Where, action: string, ...args: readonly unknown[]): Promise<T>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

export interface Browser<T extends Tab = Tab> {
  open(url: string): Promise<T>;
  close(): Promise<void>;
  /** Ends all its processes at once, as a crash does. */
  kill(): Promise<void>;
}

interface ChromiumTab extends Tab {
  readonly page: Page;
}

export type Chromium = Browser<ChromiumTab>;

interface FirefoxTab extends Tab {
  readonly page: FirefoxPage;
}

type Firefox = Browser<FirefoxTab>;

export interface BrowserKind {
  readonly name: 'Chromium' | 'Firefox';
  /** Undefined where it is not installed. */
  readonly path: string | undefined;
  launch(profile: Profile): Promise<Browser>;
}

const chromiumPath = pathOf('chromium', 'chromium-browser', 'google-chrome');
const firefoxPath = pathOf('firefox-esr', 'firefox');

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

export async function launchChromium(profile: Profile): Promise<Chromium> {
  const flags = [...CHROMIUM_FLAGS, `--user-data-dir=${profile.path}`];
  // With a process group of its own, so that it can be killed as a whole.
  const child = spawn(chromiumPath as string, flags, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const killAll = () => process.kill(-(child.pid as number), 'SIGKILL');
  process.once('exit', killAll);
  child.once('exit', () => process.off('exit', killAll));
  const browser = await chromium.connectOverCDP(await endpointOf(child), { timeout: 60_000 });
  const context = browser.contexts()[0] as BrowserContext;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    process.kill(-(child.pid as number), signal);
    await exited;
  };
  return {
    open: async (url) => {
      const page = await context.newPage();
      await page.goto(url, { waitUntil: 'load' });
      return {
        page,
        call: (...call) => outcomeOf(page.evaluate(request, call)),
        reload: async () => void (await page.reload()),
        close: () => page.close(),
      };
    },
    close: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

async function endpointOf(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  for await (const line of lines) {
    const endpoint = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (endpoint === undefined) continue;
    child.stderr?.resume();
    return endpoint;
  }
  throw new Error('Chromium ended before it could be reached');
}

/** Playwright drives no Firefox but its own. */
export async function launchFirefox(profile: Profile): Promise<Firefox> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: firefoxPath as string,
    headless: true,
    userDataDir: profile.path,
    protocolTimeout: CALL_TIMEOUT_MS,
    timeout: LAUNCH_TIMEOUT_MS,
  });
  const child = browser.process() as ChildProcess;
  const exited = once(child, 'exit');
  return {
    open: async (url) => {
      const page = await browser.newPage();
      await page.goto(url, { waitUntil: 'load' });
      return {
        page,
        call: (...call) => outcomeOf(page.evaluate(request, call)),
        reload: async () => void (await page.reload()),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
    kill: async () => {
      for (const pid of [...descendantsOf(child.pid as number), child.pid as number]) {
        killIfThere(pid);
      }
      await exited;
      await putInOrder(profile);
    },
  };
}

/** Behind the end Puppeteer moves back what it has changed: the next launch must not come between. */
async function putInOrder({ path }: Profile): Promise<void> {
  const isChanged = () => readdirSync(path).some((name) => name.endsWith('.puppeteer'));
  for (let waited = 0; waited < ORDER_TIMEOUT_MS && isChanged(); waited += ORDER_INTERVAL_MS) {
    await setTimeout(ORDER_INTERVAL_MS);
  }
}

/** It has no process group of its own. */
function descendantsOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  const children = stdout.split('\n').filter(Boolean).map(Number);
  return children.flatMap((child) => [...descendantsOf(child), child]);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ESRCH') throw error;
  }
}

export const CHROMIUM: BrowserKind = {
  name: 'Chromium',
  path: chromiumPath,
  launch: launchChromium,
};

export const FIREFOX: BrowserKind = { name: 'Firefox', path: firefoxPath, launch: launchFirefox };

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
