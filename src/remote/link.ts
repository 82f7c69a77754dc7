/** The client's end of a port: what was asked and not answered yet, and who wants to be told what. */
import type { KeyCodec } from '../codec/key-codec.ts';
import { FormatError, type OnewalError, StorageError } from '../errors.ts';
import { checkSignal, type Progress, type WorkOptions } from '../options.ts';
import { hostEnvironment } from '../store/host.ts';
import type { MapTarget } from '../store/pending-write.ts';
import type { MapCodecs } from '../store/reads.ts';
import { fromFailure, type WireFailure } from './error-field.ts';
import { Outbox } from './outbox.ts';
import { type Channel, openChannel, type PortLike } from './port.ts';
import {
  type AnsweredType,
  type AnswerOf,
  type FromOwner,
  type Notice,
  PROTOCOL_VERSION,
  type Request,
  type RequestOf,
  readFromOwner,
  readHeading,
  type UnansweredType,
  type Welcome,
  writeRequest,
} from './protocol.ts';
import { Pulse } from './pulse.ts';
import { otherVersion, portClosed } from './refusal.ts';
import { Source, WireError } from './wire.ts';

export type Subscriber = (notice: Notice & { readonly type: 'changes' | 'report' }) => void;
type FieldsOf<T extends AnsweredType | UnansweredType> = Omit<RequestOf<T>, 'type' | 'id'>;

interface PendingCall {
  readonly type: AnsweredType;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  resolve(answer: never): void;
  reject(error: OnewalError): void;
}

/** Of these nobody knows what became of them when the port ends before the answer. */
const WRITES: ReadonlySet<AnsweredType> = new Set(['commit', 'drop', 'quota', 'settle'] as const);
/** The owner is told at the latest when it has come to so many bytes what was received. */
const UNCONFIRMED_SIZE_MAX = 256 << 10;
const HELLO_ID = 1;

export class Link {
  /** Resolves when the port is of no use any more: to why. */
  readonly closed: Promise<OnewalError>;
  readonly #outbox: Outbox;
  readonly #channel: Channel;
  readonly #calls = new Map<number, PendingCall>();
  readonly #subscribers = new Map<number, Subscriber>();
  readonly #mapIds = new Map<string, number>();
  readonly #codecIds = new WeakMap<object, number>();
  readonly #keyCodecs = new Map<string, KeyCodec<unknown>>();
  #pulse: Pulse | undefined;
  #nextId = HELLO_ID;
  #received = 0;
  #confirmed = 0;
  #end: OnewalError | undefined;
  #greet: (welcome: Welcome) => void = () => undefined;
  #settle: (why: OnewalError) => void = () => undefined;
  #drained: (() => void)[] = [];
  readonly welcome: Promise<Welcome>;

  /** Throws INVALID_ARGUMENT. */
  constructor(port: PortLike) {
    this.welcome = new Promise((resolve) => {
      this.#greet = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#outbox = new Outbox({
      ...{ sizeMax: Number.POSITIVE_INFINITY, itemsMax: Number.POSITIVE_INFINITY },
      send: (bytes) => this.#send(bytes),
      received: () => {
        this.#confirmed = this.#received;
        return this.#received;
      },
    });
    this.#channel = openChannel(port, {
      onMessage: (bytes) => this.#receive(bytes),
      onClose: () => this.end(portClosed('the owner of the store is gone')),
    });
    this.tell('hello', {});
  }

  get isOpen(): boolean {
    return this.#end === undefined;
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
    const stop = (): void => void this.tell('cancel', { target: id });
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
    options: {
      readonly items?: number;
      readonly onProgress?: ((progress: Progress) => void) | undefined;
    } = {},
  ): { readonly id: number; readonly answer: Promise<AnswerOf<T>> } {
    const id = this.#nextId++;
    const answer = new Promise<AnswerOf<T>>((resolve, reject) => {
      if (this.#end !== undefined) throw this.#endError(this.#end, undefined);
      const request = { type, id, ...fields } as unknown as Request;
      this.#outbox.add((sink) => writeRequest(sink, request), options.items);
      const { onProgress } = options;
      this.#calls.set(id, { type, onProgress, resolve, reject });
    });
    return { id, answer };
  }

  /** Says what is not answered; nothing, when the port has ended. */
  tell<T extends UnansweredType>(type: T, fields: FieldsOf<T>, items = 1): number {
    const id = this.#nextId++;
    const request = { type, id, ...fields } as unknown as Request;
    if (this.isOpen) this.#outbox.add((sink) => writeRequest(sink, request), items);
    return id;
  }

  /** What names the map on this port. */
  mapId(codecs: MapCodecs<unknown, unknown>): number {
    const cached = this.#codecIds.get(codecs);
    if (cached !== undefined) return cached;
    const id = this.#idOf(codecs);
    this.#codecIds.set(codecs, id);
    return id;
  }

  #idOf(codecs: MapCodecs<unknown, unknown>): number {
    const { name, key, value } = codecs;
    const target: MapTarget = { name, keyEncoding: key.name, valueEncoding: value.name };
    const place = JSON.stringify([name, key.name, value.name]);
    const known = this.#mapIds.get(place);
    if (known !== undefined) return known;
    const id = this.tell('name', target);
    this.#mapIds.set(place, id);
    this.#keyCodecs.set(name, key);
    return id;
  }

  /** Calls `subscriber` until the function that this resolves to is called. */
  async subscribe(fields: FieldsOf<'subscribe'>, subscriber: Subscriber): Promise<() => void> {
    const { id, answer } = this.ask('subscribe', fields);
    this.#subscribers.set(id, subscriber);
    try {
      await answer;
    } catch (error) {
      this.#subscribers.delete(id);
      throw error;
    }
    return () => {
      if (this.#subscribers.delete(id)) this.tell('end', { target: id });
    };
  }

  /** Waits for writes that are on their way, and lets go of the port. */
  async close(why: OnewalError): Promise<void> {
    while (this.isOpen && this.#writesPending) {
      await new Promise<void>((resolve) => this.#drained.push(resolve));
    }
    this.tell('bye', {});
    this.end(why);
  }

  /** Rejects what was not answered. Safe to call twice. */
  end(why: OnewalError): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    this.#outbox.close();
    this.#pulse?.stop();
    this.#channel.close();
    this.#subscribers.clear();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { type, reject } of calls) reject(this.#endError(why, type));
    this.#letGo();
    this.#settle(why);
  }

  get #writesPending(): boolean {
    for (const { type } of this.#calls.values()) if (WRITES.has(type)) return true;
    return false;
  }

  #letGo(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** `type`: of what was sent already. */
  #endError(why: OnewalError, type: AnsweredType | undefined): OnewalError {
    const committed = type === undefined ? 'no' : WRITES.has(type) ? 'unknown' : undefined;
    return new StorageError('PORT_CLOSED', why.message, {
      ...{ cause: why, retryable: true },
      ...(committed === undefined ? {} : { committed }),
    });
  }

  #send(bytes: Uint8Array): void {
    try {
      this.#channel.send(bytes);
    } catch (cause) {
      queueMicrotask(() => this.end(portClosed('the host could not send to the port', cause)));
    }
  }

  #receive(bytes: Uint8Array | undefined): void {
    if (!this.isOpen) return;
    this.#pulse?.heard();
    try {
      if (bytes === undefined) throw new WireError('a message is a byte string');
      this.#received += bytes.length;
      const source = new Source(bytes);
      const { version } = readHeading(source);
      if (version !== PROTOCOL_VERSION) this.end(otherVersion(version));
      while (this.isOpen && source.left > 0) {
        this.#take(readFromOwner(source, (id) => this.#calls.get(id)?.type));
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.end(new FormatError('PROTOCOL', `the owner is not understood: ${error.message}`));
    }
    if (this.#received - this.#confirmed > UNCONFIRMED_SIZE_MAX) this.#outbox.beat();
  }

  #take(frame: FromOwner): void {
    switch (frame.type) {
      case 'answer':
        this.#settleCall(frame.id)?.resolve(frame.answer as never);
        return;
      case 'failure':
        this.#settleCall(frame.id)?.reject(this.#errorOf(frame.error));
        return;
      case 'progress':
        this.#calls.get(frame.id)?.onProgress?.(progressOf(frame));
        return;
      case 'changes':
      case 'report':
        this.#subscribers.get(frame.subscription)?.(frame);
        return;
      case 'welcome':
        this.#start(frame);
        return;
      case 'refused':
      case 'goodbye':
        this.end(this.#errorOf(frame.error));
    }
  }

  #start(welcome: Welcome): void {
    const { messageBytes, messageItems, silence } = welcome;
    this.#outbox.setLimits({ sizeMax: messageBytes, itemsMax: messageItems });
    this.#pulse ??= new Pulse({
      silence,
      timer: hostEnvironment().timer,
      onTick: () => this.#outbox.beat(),
      onSilence: () => this.end(portClosed('the owner of the store has said nothing for too long')),
    });
    this.#greet(welcome);
  }

  #settleCall(id: number): PendingCall | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (this.#drained.length > 0) queueMicrotask(() => this.#letGo());
    return call;
  }

  #errorOf(failure: WireFailure): OnewalError {
    return fromFailure(failure, (map, key) => {
      try {
        return this.#keyCodecs.get(map)?.decode(key) ?? key;
      } catch {
        return key;
      }
    });
  }
}

function progressOf({ phase, done, total, unit }: Notice & { type: 'progress' }): Progress {
  return { phase, done, unit, ...(total === undefined ? {} : { total }) };
}
