/**
 * One client at one port, as its owner serves it. Nothing that the other side sends makes this throw,
 * and everything it has open is let go when the port ends.
 */
import { FormatError, type OnewalError, UsageError } from '../errors.ts';
import { hostEnvironment } from '../store/host.ts';
import { insideOf } from '../store/inside.ts';
import type { Store } from '../store.ts';
import { OPERATION_OVERHEAD_MAX } from '../wal/record.ts';
import { Admission } from './admission.ts';
import { ASKING, mapsShown } from './asking.ts';
import { apply, CHANGING, failTransaction } from './changing.ts';
import {
  type Desk,
  type Handler,
  type Handlers,
  type LateAnswer,
  requireReceiving,
} from './desk.ts';
import { toFailure } from './error-field.ts';
import { type Holding, Holdings } from './holdings.ts';
import { Outbox } from './outbox.ts';
import type { CheckedPolicy } from './policy.ts';
import { type Channel, openChannel, type PortLike } from './port.ts';
import {
  type AnsweredType,
  isAnswered,
  PROTOCOL_VERSION,
  type Request,
  type RequestType,
  readHeading,
  readRequest,
  writeAnswer,
  writeNotice,
} from './protocol.ts';
import { Pulse } from './pulse.ts';
import { READING } from './reading.ts';
import { otherVersion, overloaded, portClosed } from './refusal.ts';
import { Unanswered } from './unanswered.ts';
import { Source, WireError } from './wire.ts';

/** Figures of one port. */
export interface ServerStats {
  readonly isOpen: boolean;
  readonly requests: number;
  /** Answered with an error. */
  readonly refused: number;
  /** Of these, for being too many at once. */
  readonly overloaded: number;
  /** Messages that were none. */
  readonly malformed: number;
  readonly views: number;
  readonly transactions: number;
  readonly iterations: number;
  readonly subscriptions: number;
  readonly pending: number;
  readonly pendingBytes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Sent, and not known to be received. */
  readonly unreceivedBytes: number;
}

const HANDLERS: Handlers<AnsweredType> = { ...READING, ...CHANGING, ...ASKING };
/** The port is left when what the other side has not taken has come to so many times the limit. */
const BEHIND_RATIO_MAX = 2;
/** These free things, or are bounded by themselves. */
const UNRATED: ReadonlySet<RequestType> = new Set([
  ...(['hello', 'bye', 'name', 'end', 'cancel'] as const),
]);

interface Received {
  readonly request: Request;
  /** Bytes of the message. */
  readonly size: number;
}

export class Session {
  readonly closed: Promise<OnewalError | undefined>;
  readonly #policy: CheckedPolicy;
  readonly #desk: Desk;
  readonly #channel: Channel;
  readonly #pulse: Pulse;
  readonly #stopListening: () => void;
  readonly #counts = { requests: 0, refused: 0, overloaded: 0, malformed: 0 };
  #receivedBytes = 0;
  #acknowledged = 0;
  #lastId = 0;
  #isGreeted = false;
  #isOpen = true;
  #settle: (why: OnewalError | undefined) => void = () => undefined;

  constructor(store: Store, port: PortLike, policy: CheckedPolicy) {
    const inside = insideOf(store);
    inside.engine.requireOpen();
    this.#policy = policy;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const environment = hostEnvironment();
    this.#desk = {
      ...{ store, inside, policy, environment },
      admission: new Admission(inside, policy),
      holdings: new Holdings(inside, policy.limits),
      unanswered: new Unanswered(policy.limits),
      // What is too large for a message was refused before: answers come to no more than it allows.
      outbox: new Outbox({
        sizeMax: Number.POSITIVE_INFINITY,
        itemsMax: Number.POSITIVE_INFINITY,
        send: (bytes) => this.#send(bytes),
        received: () => this.#receivedBytes,
      }),
      received: () => this.#acknowledged,
      stops: new Map(),
    };
    this.#channel = openChannel(port, {
      onMessage: (bytes) => this.#receive(bytes),
      onClose: () => this.#end(portClosed('the other side of the port is gone')),
    });
    this.#stopListening = inside.engine.listeners.add('closed', () => {
      this.close(new UsageError('CLOSED', 'the owner has closed the store', { committed: 'no' }));
    });
    this.#pulse = new Pulse({
      silence: policy.silence,
      timer: environment.timer,
      onTick: () => this.#desk.outbox.beat(),
      onSilence: () => this.close(portClosed('the other side has said nothing for too long')),
    });
  }

  stats(): ServerStats {
    const { holdings, outbox, unanswered } = this.#desk;
    const count = (kind: Holding['kind']): number => holdings.countOf(kind);
    return {
      isOpen: this.#isOpen,
      ...this.#counts,
      views: count('view'),
      transactions: count('transaction'),
      iterations: count('iteration'),
      subscriptions: count('subscription'),
      pending: unanswered.count,
      pendingBytes: unanswered.bytes,
      receivedBytes: this.#receivedBytes,
      sentBytes: outbox.sent,
      unreceivedBytes: outbox.sent - this.#acknowledged,
    };
  }

  /** Says goodbye, and lets go of everything. Safe to call twice. */
  close(why: OnewalError): void {
    if (!this.#isOpen) return;
    const error = toFailure(why);
    this.#desk.outbox.add((sink) => writeNotice(sink, { type: 'goodbye', error }));
    this.#end(why);
  }

  #end(why: OnewalError | undefined): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { holdings, outbox, stops } = this.#desk;
    outbox.close();
    this.#pulse.stop();
    this.#stopListening();
    holdings.endAll();
    for (const stop of stops.values()) stop.abort();
    this.#channel.close();
    this.#settle(why);
  }

  #send(bytes: Uint8Array): void {
    try {
      this.#channel.send(bytes);
    } catch {
      // A host that cannot send has nobody at the other side.
      queueMicrotask(() => this.#end(portClosed('the host could not send to the port')));
    }
  }

  #receive(bytes: Uint8Array | undefined): void {
    if (!this.#isOpen) return;
    this.#pulse.heard();
    this.#receivedBytes += bytes?.length ?? 0;
    try {
      for (const received of this.#requestsIn(bytes)) if (this.#isOpen) this.#take(received);
    } catch (error) {
      this.#refuseMessage(error);
    }
  }

  /** All of a message or nothing. Throws WireError. */
  #requestsIn(bytes: Uint8Array | undefined): Received[] {
    const { messageBytes, messageItems } = this.#policy.limits;
    if (bytes === undefined) throw new WireError('a message is a byte string');
    if (bytes.length > messageBytes) throw new WireError('the message is too long');
    const source = new Source(bytes, messageItems);
    const { version, received } = readHeading(source);
    if (version !== PROTOCOL_VERSION) {
      this.close(otherVersion(version));
      return [];
    }
    if (received < this.#acknowledged || received > this.#desk.outbox.sent) {
      throw new WireError('the message confirms what was never sent');
    }
    const requests: Received[] = [];
    while (source.left > 0) {
      const before = source.left;
      const request = readRequest(source);
      requests.push({ request, size: before - source.left });
    }
    this.#checkOrder(requests);
    this.#acknowledged = received;
    return requests;
  }

  #checkOrder(requests: readonly Received[]): void {
    let last = this.#lastId;
    for (const { request } of requests) {
      const { type, id } = request;
      if (id <= last) throw new WireError('a request has an id that was used before');
      if ((type === 'hello') !== (last === 0)) throw new WireError('hello comes first, and once');
      last = id;
    }
    this.#lastId = last;
  }

  #refuseMessage(error: unknown): void {
    const reason = error instanceof WireError ? error.message : 'the message could not be read';
    const failure = new FormatError('PROTOCOL', `a message was refused: ${reason}`);
    this.#counts.malformed++;
    if (this.#counts.malformed >= this.#policy.limits.malformed) {
      this.close(failure);
      return;
    }
    const notice = { type: 'refused', error: toFailure(failure) } as const;
    this.#desk.outbox.add((sink) => writeNotice(sink, notice));
  }

  #take(received: Received): void {
    const { request } = received;
    const { policy, outbox } = this.#desk;
    this.#counts.requests++;
    const { limits, bucket } = policy;
    if (outbox.sent - this.#acknowledged > BEHIND_RATIO_MAX * limits.unreceivedBytes) {
      this.close(overloaded(`more than ${limits.unreceivedBytes} bytes were not received`));
    } else if (!UNRATED.has(request.type) && bucket?.take() === false) {
      this.#refuse(request, overloaded('more requests than the owner takes: send fewer a second'));
    } else if (isAnswered(request.type)) {
      this.#answer(received);
    } else {
      this.#perform(request);
    }
  }

  /** What is not answered. */
  #perform(request: Request): void {
    const { holdings, stops } = this.#desk;
    try {
      if (request.type === 'hello') this.#greet();
      else if (request.type === 'name') holdings.nameMap(request.id, request);
      else if (request.type === 'end') holdings.end(request.target);
      else if (request.type === 'bye') this.#end(undefined);
      else if (request.type === 'cancel') stops.get(request.target)?.abort();
      else if (request.type === 'apply') apply(this.#desk, request);
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  #answer({ request, size }: Received): void {
    const { unanswered } = this.#desk;
    try {
      requireReceiving(this.#desk);
      unanswered.add(request.id, size + OPERATION_OVERHEAD_MAX * writeCountOf(request));
      const handler = HANDLERS[request.type as AnsweredType] as Handler<RequestType>;
      const answer = handler(this.#desk, request as never);
      if (answer instanceof Promise) this.#await(request, answer);
      else this.#reply(request, answer);
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  #await(request: Request, answer: Promise<LateAnswer<RequestType>>): void {
    answer.then(
      (value) => this.#reply(request, value),
      (error: unknown) => this.#refuse(request, error),
    );
  }

  #reply(request: Request, late: LateAnswer<RequestType>): void {
    this.#desk.unanswered.remove(request.id);
    try {
      const answer = typeof late === 'function' ? late() : late;
      this.#desk.outbox.add((sink) => writeAnswer(sink, request as never, answer as never));
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  /** Tells the client, now or, of what is not answered, when it next uses the transaction. */
  #refuse(request: Request, error: unknown): void {
    this.#desk.unanswered.remove(request.id);
    const failure = toFailure(error);
    this.#counts.refused++;
    if (failure.code === 'OVERLOADED') this.#counts.overloaded++;
    if (isAnswered(request.type)) {
      const notice = { type: 'failure', id: request.id, error: failure } as const;
      this.#desk.outbox.add((sink) => writeNotice(sink, notice));
    } else if (request.type === 'apply') {
      const holding = this.#desk.holdings.find(request.transaction);
      if (holding?.kind === 'transaction') failTransaction(holding, error);
    }
  }

  #greet(): void {
    if (this.#isGreeted) return;
    this.#isGreeted = true;
    const { store, inside, policy, outbox } = this.#desk;
    const { uuid, sequence, readOnly } = store.info;
    const { messageBytes, messageItems } = policy.limits;
    const { catalog } = inside.engine.state;
    const maps = mapsShown(this.#desk).flatMap((name) => catalog.named(name) ?? []);
    outbox.add((sink) =>
      writeNotice(sink, {
        type: 'welcome',
        ...{ uuid, sequence, readOnly, messageBytes, messageItems, maps },
        silence: policy.silence,
      }),
    );
  }
}

function writeCountOf(request: Request): number {
  return request.type === 'commit' ? request.writes.length : 0;
}
