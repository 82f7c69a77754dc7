/** The store is in a worker that is started when the tab becomes the owner, and ended with its turn. */
import { StorageError } from '../errors.ts';
import { fromFailure } from './error-field.ts';
import type { Caller, Hold, Holder, HolderHost, Turn } from './holder.ts';
import { PairPort } from './pair-port.ts';
import type { PortLike } from './port.ts';
import { portClosed } from './refusal.ts';
import { type FromWorker, noteOf, type ToWorker } from './worker-notes.ts';

/** A dedicated worker of the web, whose script calls `shareFromWorker`. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: readonly unknown[]): void;
  addEventListener(type: string, listener: (event: never) => void): void;
  terminate(): unknown;
}

interface WorkerParts {
  readonly host: HolderHost;
  readonly silence: number;
  start(): WorkerLike;
}

export function holdInWorker(parts: WorkerParts): Hold {
  return async (turn, signal) => {
    const holder = new WorkerHolder(parts);
    const stop = (): void => holder.abandon();
    signal.addEventListener('abort', stop);
    try {
      await holder.open(turn);
      return holder;
    } catch (error) {
      holder.abandon();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };
}

class WorkerHolder implements Holder {
  readonly lost: Promise<unknown>;
  readonly #worker: WorkerLike;
  readonly #parts: WorkerParts;
  readonly #waiting = new Map<FromWorker['type'], (note: FromWorker) => void>();
  #lose: (reason: unknown) => void = () => undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    this.#worker = parts.start();
    this.#worker.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      const note = noteOf<FromWorker>(data);
      if (note !== undefined) this.#take(note);
    });
    this.#worker.addEventListener('error', (event: { readonly message?: string }) => {
      this.#lose(new Error(`the worker has failed: ${event.message ?? 'it could not be started'}`));
    });
  }

  async open({ displace }: Turn): Promise<void> {
    await this.#next('started');
    const opened = Promise.race([this.#next('opened'), this.#next('refused')]);
    this.#tell({ type: 'open', displace, silence: this.#parts.silence });
    const note = await opened;
    if (note.type === 'refused') throw fromFailure(note.failure);
  }

  connect(): PortLike {
    const { host, silence } = this.#parts;
    const { port1, port2 } = host.pair();
    this.#tell({ type: 'connect', port: port1 }, [port1]);
    return new PairPort({ channel: port2, silence, timer: host.timer });
  }

  serve(caller: Caller): void {
    this.#tell({ type: 'serve', ...caller });
  }

  async close(): Promise<void> {
    const closed = this.#next('closed');
    this.#tell({ type: 'close' });
    const note = await closed.catch(() => undefined);
    this.#worker.terminate();
    if (note?.type === 'closed' && note.failure !== undefined) throw fromFailure(note.failure);
  }

  abandon(): void {
    this.#lose(portClosed('the worker was ended'));
    this.#worker.terminate();
  }

  #take(note: FromWorker): void {
    if (note.type === 'lost') this.#lose(note.reason);
    const resolve = this.#waiting.get(note.type);
    this.#waiting.delete(note.type);
    resolve?.(note);
  }

  /** The next note of this type. Rejects when the worker is lost before. */
  #next(type: FromWorker['type']): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(type, resolve);
      void this.lost.then((cause) =>
        reject(new StorageError('IO', 'the worker that is to hold the store is gone', { cause })),
      );
    });
  }

  #tell(note: ToWorker, transfer: readonly unknown[] = []): void {
    this.#worker.postMessage({ onewal: note }, transfer);
  }
}
