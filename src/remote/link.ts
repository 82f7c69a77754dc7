/**
 * The client's side of a store: what was asked and not answered yet, and who wants to be told what.
 *
 * It has one port at a time. Where another may come, the link outlives its port: names of maps and
 * subscriptions are given to the next one under the ids that they had, before everything that waits,
 * so that what was encoded stays true. What an owner held (views, transactions, iterations) is not.
 */
import { type OnewalError, UsageError } from '../errors.ts';
import { checkSignal, type Progress, type WorkOptions } from '../options.ts';
import { hostEnvironment } from '../store/host.ts';
import type { MapCodecs } from '../store/reads.ts';
import { Connection, HELLO_ID } from './connection.ts';
import { fromFailure, toFailure, type WireFailure } from './error-field.ts';
import { MapNames } from './map-names.ts';
import {
  endOf,
  handleOf,
  isRepeatable,
  isWrite,
  leftBehind,
  type PendingCall,
  unsent,
} from './pending-call.ts';
import type { PortLike } from './port.ts';
import type {
  AnsweredRequest,
  AnsweredType,
  AnswerOf,
  FromOwner,
  Notice,
  Request,
  RequestOf,
  UnansweredType,
  Welcome,
} from './protocol.ts';
import { nobodyAnswers } from './refusal.ts';

export type Subscriber = (notice: Notice & { readonly type: 'changes' | 'report' }) => void;
type FieldsOf<T extends AnsweredType | UnansweredType> = Omit<RequestOf<T>, 'type' | 'id'>;

interface AskOptions {
  readonly items?: number;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** For a link that outlives its ports. */
export interface Survival {
  /** The port has ended. What could not be asked again was told so. */
  onCut(why: OnewalError): void;
  /** Milliseconds that a request waits for a port. 0: for ever. */
  readonly patience: number;
}

interface Subscription {
  readonly fields: FieldsOf<'subscribe'>;
  readonly subscriber: Subscriber;
}

export class Link {
  /** Resolves when the link is of no use any more: to why. */
  readonly closed: Promise<OnewalError>;
  readonly #survival: Survival | undefined;
  readonly #calls = new Map<number, PendingCall>();
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #names = new MapNames((target) => this.tell('name', target));
  #connection: Connection | undefined;
  #welcome: Welcome | undefined;
  #isReady = false;
  #isAsleep = false;
  #lastCut: OnewalError | undefined;
  #nextId = HELLO_ID + 1;
  /** What the present port knows: requests from here on, and those that were asked again there. */
  #firstId = this.#nextId;
  #repeated: ReadonlySet<number> = new Set();
  #end: OnewalError | undefined;
  #settle: (why: OnewalError) => void = () => undefined;
  #drained: (() => void)[] = [];

  constructor(survival?: Survival) {
    this.#survival = survival;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** What the owner has said of the store, the last one of several. */
  get welcome(): Welcome {
    return this.#welcome as Welcome;
  }

  /** Lets go of the port before, and resolves when an owner has answered at this one. Throws INVALID_ARGUMENT. */
  attach(port: PortLike): Promise<Welcome> {
    this.cut(this.#lastCut ?? leftBehind());
    return new Promise((resolve, reject) => {
      const connection: Connection = new Connection(port, {
        typeOf: (id) => this.#calls.get(id)?.request.type,
        onFrame: (frame) => {
          if (frame.type === 'welcome' && !this.#isReady) {
            this.#start(frame);
            resolve(frame);
          } else this.#take(frame);
        },
        onEnd: (why) => {
          reject(why);
          if (this.#connection === connection) this.#lose(why);
        },
      });
      this.#connection = connection;
      if (this.#end !== undefined) connection.end(this.#end);
    });
  }

  /** Lets go of the present port, if there is one. */
  cut(why: OnewalError): void {
    this.#connection?.end(why);
  }

  /** Nothing runs here for a while, and waiting does not count. */
  sleep(why: OnewalError): void {
    this.#isAsleep = true;
    for (const call of this.#calls.values()) call.stopTimer();
    this.cut(why);
  }

  wake(): void {
    this.#isAsleep = false;
    for (const call of this.#calls.values()) if (!call.isSent) this.#wait(call);
  }

  /** Asks, and waits for the answer. */
  call<T extends AnsweredType>(type: T, fields: FieldsOf<T>, items = 1): Promise<AnswerOf<T>> {
    return this.ask(type, fields, { items }).answer;
  }

  /** Asks for what takes long, and can be stopped. */
  async work<T extends AnsweredType>(
    type: T,
    fields: FieldsOf<T>,
    { signal, onProgress }: WorkOptions,
  ): Promise<AnswerOf<T>> {
    checkSignal(signal);
    const { id, answer } = this.ask(type, fields, { onProgress });
    const stop = (): void => {
      const call = this.#calls.get(id);
      if (call?.isSent === false) this.#refuse(call, abortOf(signal));
      else this.tell('cancel', { target: id });
    };
    signal?.addEventListener('abort', stop);
    try {
      return await answer;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Asks. The id names what the request makes. */
  ask<T extends AnsweredType>(
    type: T,
    fields: FieldsOf<T>,
    { items = 1, onProgress }: AskOptions = {},
  ): { readonly id: number; readonly answer: Promise<AnswerOf<T>> } {
    const id = this.#nextId++;
    const request = { type, id, ...fields } as unknown as AnsweredRequest;
    const answer = new Promise<AnswerOf<T>>((resolve, reject) => {
      if (this.#end !== undefined) throw unsent(this.#end);
      if (!this.holds(handleOf(request))) throw leftBehind();
      const call: PendingCall = {
        ...{ request, items, onProgress, resolve, reject },
        ...{ isSent: false, stopTimer: () => undefined },
      };
      this.#sendOrWait(call);
      this.#calls.set(id, call);
    });
    return { id, answer };
  }

  /** Says what is not answered; nothing, where the port that it is about has ended. */
  tell<T extends UnansweredType>(type: T, fields: FieldsOf<T>, items = 1): number {
    const id = this.#nextId++;
    const request = { type, id, ...fields } as unknown as Request;
    if (this.#isReady && this.holds(handleOf(request))) this.#connection?.send(request, items);
    return id;
  }

  /** The present owner has what was made by the request with this id; 0 is the newest state. */
  holds(handle: number): boolean {
    if (handle === 0) return true;
    return this.#isReady && (handle >= this.#firstId || this.#repeated.has(handle));
  }

  /** What names the map on every port. */
  mapId(codecs: MapCodecs<unknown, unknown>): number {
    return this.#names.idOf(codecs);
  }

  /** Calls `subscriber` until the function that this resolves to is called. */
  async subscribe(fields: FieldsOf<'subscribe'>, subscriber: Subscriber): Promise<() => void> {
    const { id, answer } = this.ask('subscribe', fields);
    this.#subscriptions.set(id, { fields, subscriber });
    try {
      await answer;
    } catch (error) {
      this.#subscriptions.delete(id);
      throw error;
    }
    return () => {
      if (this.#subscriptions.delete(id)) this.tell('end', { target: id });
    };
  }

  /** Waits for writes that are on their way, and lets go of the port. */
  async close(why: OnewalError): Promise<void> {
    while (this.isOpen && [...this.#calls.values()].some(isWrite)) {
      await new Promise<void>((resolve) => this.#drained.push(resolve));
    }
    this.tell('bye', {});
    this.end(why);
  }

  /** Rejects what was not answered. Safe to call twice. */
  end(why: OnewalError): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    this.cut(why);
    this.#subscriptions.clear();
    for (const call of [...this.#calls.values()]) this.#refuse(call, endOf(call, why));
    this.#letGo();
    this.#settle(why);
  }

  #lose(why: OnewalError): void {
    this.#connection = undefined;
    this.#isReady = false;
    this.#lastCut = why;
    if (this.#end !== undefined) return;
    if (this.#survival === undefined || why.code === 'PROTOCOL') {
      this.end(why);
      return;
    }
    for (const call of [...this.#calls.values()]) {
      if (call.isSent && !isRepeatable(call)) this.#refuse(call, endOf(call, why));
      else this.#keep(call);
    }
    this.#survival.onCut(why);
  }

  /** For the next port. */
  #keep(call: PendingCall): void {
    if (!call.isSent) return;
    call.isSent = false;
    this.#wait(call);
  }

  #wait(call: PendingCall): void {
    const { patience } = this.#survival as Survival;
    call.stopTimer();
    if (patience === 0 || this.#isAsleep) return;
    call.stopTimer = hostEnvironment().timer(patience, () =>
      this.#refuse(call, unsent(nobodyAnswers(patience, this.#lastCut))),
    );
  }

  #sendOrWait(call: PendingCall): void {
    if (!this.#isReady) {
      this.#wait(call);
      return;
    }
    this.#connection?.send(call.request, call.items);
    call.stopTimer();
    call.isSent = true;
  }

  #refuse(call: PendingCall, error: OnewalError): void {
    this.#settleCall(call.request.id);
    call.reject(error);
  }

  #start(welcome: Welcome): void {
    this.#welcome = welcome;
    this.#isReady = true;
    for (const [id, { fields, subscriber }] of this.#subscriptions) {
      if (!this.#calls.has(id)) this.#calls.set(id, this.#resubscription(id, fields, subscriber));
    }
    const waiting = [...this.#calls.values()].filter(({ isSent }) => !isSent);
    this.#repeated = new Set(waiting.map(({ request }) => request.id));
    this.#firstId = this.#nextId;
    // In the order of their ids, which is what the owner takes.
    const again = [...this.#names.given, ...waiting.map(({ request }) => request)];
    for (const request of again.sort((a, b) => a.id - b.id)) this.#repeat(request);
  }

  #repeat(request: Request): void {
    const call = this.#calls.get(request.id);
    if (call === undefined) this.#connection?.send(request);
    else {
      try {
        this.#sendOrWait(call);
      } catch (error) {
        this.#refuse(call, error as OnewalError);
      }
    }
  }

  #resubscription(id: number, fields: FieldsOf<'subscribe'>, subscriber: Subscriber): PendingCall {
    return {
      request: { type: 'subscribe', id, ...fields },
      ...{ items: 1, onProgress: undefined, isSent: false },
      ...{ stopTimer: () => undefined, resolve: () => undefined },
      reject: (error) => {
        this.#subscriptions.delete(id);
        const message = 'a subscription ended with the owner that it was made at';
        const failure = toFailure(error);
        subscriber({ type: 'report', subscription: id, event: 'error', message, error: failure });
      },
    };
  }

  #letGo(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #take(frame: FromOwner): void {
    switch (frame.type) {
      case 'answer':
        this.#settleCall(frame.id)?.resolve(frame.answer as never);
        return;
      case 'failure':
        this.#fail(frame.id, this.#errorOf(frame.error));
        return;
      case 'progress':
        this.#calls.get(frame.id)?.onProgress?.(progressOf(frame));
        return;
      case 'changes':
      case 'report':
        this.#subscriptions.get(frame.subscription)?.subscriber(frame);
        return;
      case 'refused':
      case 'goodbye':
        this.cut(this.#errorOf(frame.error));
    }
  }

  #fail(id: number, error: OnewalError): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    // An owner that is closing its store has done nothing of it: the next one will.
    if (this.#survival === undefined || error.code !== 'CLOSED') this.#refuse(call, error);
    else if (handleOf(call.request) === 0) this.#keep(call);
    else this.#refuse(call, leftBehind());
  }

  #settleCall(id: number): PendingCall | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.stopTimer();
    if (this.#drained.length > 0) queueMicrotask(() => this.#letGo());
    return call;
  }

  #errorOf(failure: WireFailure): OnewalError {
    return fromFailure(failure, (map, key) => this.#names.decodeKey(map, key));
  }
}

function abortOf(signal: AbortSignal | undefined): UsageError {
  const message = 'the caller aborted the operation before it was sent';
  return new UsageError('ABORTED', message, { cause: signal?.reason });
}

function progressOf({ phase, done, total, unit }: Notice & { type: 'progress' }): Progress {
  return { phase, done, unit, ...(total === undefined ? {} : { total }) };
}
