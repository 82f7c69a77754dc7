/** A page as a user has it before them, the same in each browser. */
import type { Page as ChromiumPage } from 'playwright-core';
import type { Page as FirefoxPage } from 'puppeteer-core';
import {
  type BrowserKind,
  CHROMIUM,
  FIREFOX,
  launchChromium,
  launchFirefox,
  type Profile,
} from './browsers.ts';

const WAIT_MS_MAX = 60_000;

export interface UserPage {
  /** What the browser had to say, of the content policy for one. */
  readonly complaints: readonly string[];
  /** Selectors are those of CSS; each of these waits until there is such an element. */
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  choose(selector: string, value: string): Promise<void>;
  waitFor(selector: string, milliseconds?: number): Promise<void>;
  /** Of the elements that there are. */
  texts(selector: string): Promise<string[]>;
  isVisible(selector: string): Promise<boolean>;
  /** What an expression is in the page. */
  read<T>(expression: string): Promise<T>;
  /** Elements that readers of the screen are told of by this role and name. */
  countOf(role: string, name: string): Promise<number>;
  resize(size: { readonly width: number; readonly height: number }): Promise<void>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

export interface UserBrowser {
  open(url: string): Promise<UserPage>;
  close(): Promise<void>;
}

export interface UserBrowserKind extends Pick<BrowserKind, 'name' | 'path'> {
  launch(profile: Profile): Promise<UserBrowser>;
}

export const USER_BROWSERS: readonly UserBrowserKind[] = [
  {
    ...CHROMIUM,
    async launch(profile) {
      const browser = await launchChromium(profile);
      return {
        open: async (url) => chromiumUser((await browser.open(url)).page),
        close: () => browser.close(),
      };
    },
  },
  {
    ...FIREFOX,
    async launch(profile) {
      const browser = await launchFirefox(profile);
      return {
        open: async (url) => firefoxUser((await browser.open(url)).page),
        close: () => browser.close(),
      };
    },
  },
];

function chromiumUser(page: ChromiumPage): UserPage {
  const complaints: string[] = [];
  page.setDefaultTimeout(WAIT_MS_MAX);
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (said) => {
    if (said.type() === 'error') complaints.push(said.text());
  });
  return {
    complaints,
    click: (selector) => page.click(selector),
    fill: (selector, text) => page.fill(selector, text),
    choose: async (selector, value) => void (await page.selectOption(selector, value)),
    waitFor: async (selector, timeout = WAIT_MS_MAX) =>
      void (await page.waitForSelector(selector, { timeout, state: 'attached' })),
    texts: (selector) => page.locator(selector).allTextContents(),
    isVisible: (selector) => page.isVisible(selector),
    read: (expression) => page.evaluate(expression),
    countOf: (role, name) => page.getByRole(role as 'button', { name, exact: true }).count(),
    resize: (size) => page.setViewportSize(size),
    reload: async () => void (await page.reload()),
    close: () => page.close(),
  };
}

function firefoxUser(page: FirefoxPage): UserPage {
  const complaints: string[] = [];
  page.setDefaultTimeout(WAIT_MS_MAX);
  page.on('pageerror', (error) => {
    // Told each time, and no fault: where WebAssembly is forbidden the store goes on without.
    if (!String(error).includes('blocked WebAssembly')) complaints.push(String(error));
  });
  page.on('console', (said) => {
    if (said.type() === 'error') complaints.push(said.text());
  });
  return {
    complaints,
    click: (selector) => page.locator(selector).click(),
    fill: (selector, text) => page.locator(selector).fill(text),
    choose: async (selector, value) => {
      await page.waitForSelector(selector);
      await page.select(selector, value);
    },
    waitFor: async (selector, timeout = WAIT_MS_MAX) =>
      void (await page.waitForSelector(selector, { timeout })),
    texts: (selector) => page.$$eval(selector, (all) => all.map((each) => each.textContent ?? '')),
    isVisible: async (selector) => (await (await page.$(selector))?.isVisible()) ?? false,
    read: async <T>(expression: string) => (await page.evaluate(expression)) as T,
    countOf: async (role, name) =>
      (await page.$$(`::-p-aria([name="${name}"][role="${role}"])`)).length,
    resize: (size) => page.setViewport(size),
    reload: async () => void (await page.reload()),
    close: () => page.close(),
  };
}
