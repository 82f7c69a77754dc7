/** Where a gate with real processes works: a directory and children, both gone at its end. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { Child, type ChildPlan } from './child.ts';

export class Site {
  readonly #root = realpathSync(mkdtempSync(join(tmpdir(), 'onewal-processes-')));
  readonly #children = new Set<Child>();
  readonly #programs = new Map<string, Promise<string>>();

  /** The path of a directory that is not there yet. */
  path(name: string): string {
    return join(this.#root, name);
  }

  directory(name: string): string {
    const path = this.path(name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Starts test/processes/<name>.child.ts with a plain `node`. */
  async start(name: string, task: unknown, plan: Partial<ChildPlan> = {}): Promise<Child> {
    const program = await this.program(name);
    const child = new Child({ ...plan, program, task });
    this.#children.add(child);
    void child.ended.then(
      () => this.#children.delete(child),
      () => undefined,
    );
    return child;
  }

  /** The bundle of test/processes/<name>.child.ts, for threads. */
  program(name: string): Promise<string> {
    const program = this.#programs.get(name) ?? bundle(name, this.#root);
    this.#programs.set(name, program);
    return program;
  }

  async clear(): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.kill()));
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Runs `work` in a site of its own; whatever happens, nothing of it stays behind. */
export async function withSite<T>(work: (site: Site) => Promise<T>): Promise<T> {
  const site = new Site();
  try {
    return await work(site);
  } finally {
    await site.clear();
  }
}

/** The working directory is the root of the repository: a gate is itself part of a bundle. */
async function bundle(name: string, directory: string): Promise<string> {
  const input = resolve('test', 'processes', `${name}.child.ts`);
  const file = join(directory, `${basename(input, '.ts')}.mjs`);
  const built = await rolldown({ input, platform: 'node', logLevel: 'warn' });
  await built.write({ file, format: 'esm' });
  await built.close();
  return file;
}
