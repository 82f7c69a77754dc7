/** README.md and the pages in docs/, and what stands in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export interface CodeBlock {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** Why it is not run, where a comment `<!-- not run: ... -->` stands before it. */
  readonly reasonNotToRun: string | undefined;
}

export const PAGES: readonly Page[] = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

export function page(path: string): Page {
  const found = PAGES.find((candidate) => candidate.path === path);
  if (found === undefined) throw new Error(`there is no page ${path}`);
  return found;
}

export function codeBlocks({ path, text }: Page): CodeBlock[] {
  const FENCED = /(?:<!-- not run: ([^>]+) -->\n)?^```([\w-]+)\n([\s\S]*?)^```$/gm;
  return Array.from(text.matchAll(FENCED), (match) => ({
    page: path,
    line: text.slice(0, match.index).split('\n').length,
    language: match[2] as string,
    code: match[3] as string,
    reasonNotToRun: match[1],
  }));
}

/** The text without its code blocks. */
export function prose({ text }: Page): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

/** The rows of the tables under a heading, without their heads, as cells of text. */
export function tableRows({ text }: Page, heading: string): string[][] {
  const section = text.split(new RegExp(`^#+ ${heading}$`, 'm'))[1]?.split(/^#+ /m)[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('| ---'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
