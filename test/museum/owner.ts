/** Steers owner.child.ts. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bundleForNode } from '../support/child-bundle.ts';

export type OwnerCommand =
  | { readonly kind: 'open' }
  | { readonly kind: 'put'; readonly key: string };

export type OwnerReport =
  | { readonly kind: 'done' }
  | { readonly kind: 'open'; readonly keys: readonly string[] }
  | { readonly kind: 'refused'; readonly code: string };

export class Owner {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(directory: string): Promise<Owner> {
    const bundle = await bundleForNode(join(import.meta.dirname, 'owner.child.ts'));
    const owner = new Owner(fork(bundle, [directory]));
    await owner.#report();
    return owner;
  }

  async tell(command: OwnerCommand): Promise<OwnerReport> {
    const answer = this.#report();
    this.#child.send(command);
    return answer;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  /** Ends it as hard as it can be ended; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  async #report(): Promise<OwnerReport> {
    const [report] = await once(this.#child, 'message');
    return report;
  }
}
