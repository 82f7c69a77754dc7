/** The parent's side of a child process: what it reports, its signals, its end. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { type Report, ReportReader } from './report.ts';

export interface ChildPlan {
  /** A bundle, see site.ts. */
  readonly program: string;
  /** Handed over as JSON. */
  readonly task: unknown;
  readonly nodeOptions?: readonly string[];
  /** A command that becomes the child by exec, so that the process id stays: unshare, sh. */
  readonly wrapper?: readonly string[];
  readonly uid?: number;
}

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A slow machine is not a fault: only who hangs is. */
const DEADLINE_MILLISECONDS = 120_000;
const ERROR_TEXT_SIZE_MAX = 4000;

export class Child {
  readonly reports: Report[] = [];
  /** Resolves when it is gone and everything that it reported was heard. */
  readonly ended: Promise<End>;
  errorText = '';
  readonly #process: ChildProcess;
  readonly #reader = new ReportReader();
  #listeners: ((report: Report | undefined) => void)[] = [];
  #heard = 0;
  #end: End | undefined;

  constructor({ program, task, nodeOptions = [], wrapper = [], uid }: ChildPlan) {
    const words = [...wrapper, process.execPath, ...nodeOptions, program, JSON.stringify(task)];
    const identity: SpawnOptions = uid === undefined ? {} : { uid, gid: uid };
    this.#process = spawn(String(words[0]), words.slice(1), {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...identity,
    });
    this.#process.stdin?.on('error', () => undefined);
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errorText = (this.errorText + text).slice(-ERROR_TEXT_SIZE_MAX);
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject);
      this.#process.on('close', (code, signal) => {
        this.#end = { code, signal };
        this.#tell(undefined);
        resolve(this.#end);
      });
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** At each report, in the moment in which it is heard. */
  onReport(listener: (report: Report) => void): void {
    this.#listeners.push((report) => report !== undefined && listener(report));
  }

  /** The next report of one of these kinds that was not asked for before. Throws when none comes. */
  async next(...kinds: readonly string[]): Promise<Report> {
    const start = performance.now();
    for (;;) {
      while (this.#heard < this.reports.length) {
        const report = this.reports[this.#heard++];
        if (report !== undefined && kinds.includes(report.kind)) return report;
      }
      const left = DEADLINE_MILLISECONDS - (performance.now() - start);
      if (this.#end !== undefined || left <= 0) throw this.#silence(kinds);
      await this.#anything(left);
    }
  }

  /** A command: a line on its standard input. */
  say(command: string): void {
    this.#process.stdin?.write(`${command}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<End> {
    if (!this.hasEnded) this.#process.kill('SIGKILL');
    return this.ended;
  }

  #hear(text: string): void {
    for (const report of this.#reader.read(text)) {
      this.reports.push(report);
      this.#tell(report);
    }
  }

  #tell(report: Report | undefined): void {
    for (const listener of [...this.#listeners]) listener(report);
  }

  #anything(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        clearTimeout(timer);
        this.#listeners = this.#listeners.filter((present) => present !== listener);
        resolve();
      };
      const timer = setTimeout(listener, milliseconds);
      this.#listeners.push(listener);
    });
  }

  #silence(kinds: readonly string[]): Error {
    const end = this.#end === undefined ? 'it hangs' : `it ended with ${JSON.stringify(this.#end)}`;
    const last = JSON.stringify(this.reports.at(-1));
    return new Error(`no report of ${kinds.join(' or ')}: ${end}, last ${last}. ${this.errorText}`);
  }
}
