/**
 * What the two sides of a port say to each other. The *client* asks, the *owner* of the store
 * answers.
 *
 *     message := magic "1wal" unsigned (version) unsigned (bytes received so far) frame*
 *
 * Each request has an id above all before it, so no id is ever met twice; the id of a request that
 * makes something (a view, a transaction, an iteration, a subscription, a map's name) names that
 * from then on. 0 as `at` is the newest state. The first frame of a client is `hello`, of an owner
 * `welcome` or `goodbye`. A message without frames says only that its sender is there.
 */
import { KEY_SIZE_MAX, NAME_SIZE_MAX, VALUE_SIZE_MAX } from '../store/limits.ts';
import { TOKEN_SIZE_MAX } from '../wal/record.ts';
import { errorField } from './error-field.ts';
import {
  bytes,
  choice,
  type Field,
  flag,
  list,
  nothing,
  optional,
  ownBytes,
  type RecordOf,
  record,
  type Sink,
  type Source,
  text,
  unsigned,
  type ValueOf,
  variant,
  WireError,
} from './wire.ts';

export const PROTOCOL_VERSION = 1;
const MAGIC = [0x31, 0x77, 0x61, 0x6c];

const id = unsigned;
const name = text(NAME_SIZE_MAX);
// Kept by read sets and locks, beyond the message. Longer ones are refused one by one.
const key = ownBytes(2 * KEY_SIZE_MAX);
const value = bytes(2 * VALUE_SIZE_MAX);
const durability = optional(choice('synced', 'buffered'));
const token = optional(ownBytes(TOKEN_SIZE_MAX));
/** CBOR, as values are. */
const fact = bytes(2 * VALUE_SIZE_MAX);
const mapTarget = { name, keyEncoding: name, valueEncoding: name };
const bounds = { start: optional(key), end: optional(key) };

const selection = record({
  ...bounds,
  isReverse: flag,
  limit: optional(unsigned),
  offset: unsigned,
});
export type WireSelection = ValueOf<typeof selection>;

const put = record({ map: id, key, value });
const remove = record({ map: id, key });
const clear = record({ map: id, range: selection });
const write = variant({ put, remove, clear });
export type WireWrite = ValueOf<typeof write>;

const step = variant({
  put,
  remove,
  clear,
  savepoint: record({}),
  rollback: record({ depth: unsigned }),
});
export type WireStep = ValueOf<typeof step>;

const entry = record({ key, value: optional(value) });
const chunk = record({ entries: list(entry), isDone: flag });
export type WireChunk = ValueOf<typeof chunk>;

const change = record({ map: name, key, before: optional(value), after: optional(value) });
const commit = record({ sequence: unsigned, durable: flag });
const condition = optional(
  variant({ absent: record({}), sequence: record({ sequence: unsigned }) }),
);
const progress = {
  phase: name,
  done: unsigned,
  total: optional(unsigned),
  unit: choice('bytes', 'entries'),
};

/** Those without `answer` are not answered: what goes wrong is told to who next uses the thing. */
const REQUESTS = {
  hello: { asks: {}, answer: undefined },
  bye: { asks: {}, answer: undefined },
  name: { asks: mapTarget, answer: undefined },
  end: { asks: { target: id }, answer: undefined },
  cancel: { asks: { target: id }, answer: undefined },
  apply: { asks: { transaction: id, steps: list(step) }, answer: undefined },
  get: { asks: { at: id, map: id, key }, answer: optional(value) },
  entry: {
    asks: { at: id, map: id, key },
    answer: optional(record({ value, sequence: unsigned })),
  },
  has: { asks: { at: id, map: id, key }, answer: flag },
  many: { asks: { at: id, map: id, keys: list(key) }, answer: list(optional(value)) },
  count: { asks: { at: id, map: id, range: optional(selection) }, answer: unsigned },
  range: {
    asks: { at: id, map: id, range: selection, keysOnly: flag, credit: unsigned },
    answer: chunk,
  },
  next: { asks: { iteration: id, credit: unsigned }, answer: chunk },
  commit: {
    asks: { writes: list(write), durability, token, condition },
    answer: commit,
  },
  drop: { asks: { map: name, durability, token }, answer: commit },
  view: { asks: {}, answer: unsigned },
  begin: {
    asks: {
      isolation: choice('serializable', 'snapshot'),
      mode: choice('optimistic', 'pessimistic'),
      lockTimeout: unsigned,
      durability,
      token,
    },
    answer: record({ sequence: unsigned, number: unsigned }),
  },
  lock: { asks: { transaction: id, map: id, key }, answer: unsigned },
  settle: { asks: { transaction: id }, answer: commit },
  size: { asks: { transaction: id }, answer: unsigned },
  changes: { asks: { transaction: id }, answer: list(change) },
  outcome: {
    asks: { token: ownBytes(TOKEN_SIZE_MAX) },
    answer: choice('committed', 'absent', 'unknown'),
  },
  flush: { asks: {}, answer: nothing },
  checkpoint: { asks: {}, answer: fact },
  compact: { asks: {}, answer: fact },
  verify: { asks: {}, answer: fact },
  quota: {
    asks: {
      store: optional(unsigned),
      maps: list(record({ name, quota: unsigned })),
    },
    answer: commit,
  },
  maps: { asks: {}, answer: list(name) },
  stats: { asks: {}, answer: fact },
  info: { asks: {}, answer: fact },
  subscribe: {
    asks: { kind: choice('commits', 'reports'), maps: optional(list(name)) },
    answer: nothing,
  },
} as const;

type Requests = typeof REQUESTS;
export type RequestType = keyof Requests;
export type UnansweredType = {
  [T in RequestType]: Requests[T]['answer'] extends undefined ? T : never;
}[RequestType];
export type AnsweredType = Exclude<RequestType, UnansweredType>;
export type RequestOf<T extends RequestType> = { readonly type: T; readonly id: number } & RecordOf<
  Requests[T]['asks']
>;
export type Request = { [T in RequestType]: RequestOf<T> }[RequestType];
export type AnsweredRequest = { [T in AnsweredType]: RequestOf<T> }[AnsweredType];
export type AnswerOf<T extends RequestType> = ValueOf<NonNullable<Requests[T]['answer']>>;

const requestField = variant(
  Object.fromEntries(
    Object.entries(REQUESTS).map(([type, { asks }]) => [type, record({ id, ...asks })]),
  ),
) as unknown as Field<Request>;

const notice = variant({
  welcome: record({
    uuid: name,
    sequence: unsigned,
    readOnly: flag,
    messageBytes: unsigned,
    messageItems: unsigned,
    /** In milliseconds: who is silent for so long is taken for gone. 0: never. */
    silence: unsigned,
    maps: list(record(mapTarget)),
  }),
  failure: record({ id, error: errorField }),
  changes: record({ subscription: id, sequence: unsigned, changes: list(change) }),
  report: record({
    subscription: id,
    event: choice('recovered', 'checkpoint', 'error', 'lost', 'resolved', 'closed'),
    message: text(1 << 16),
    error: optional(errorField),
  }),
  progress: record({ id, ...progress }),
  /** The other side sent what is no message, and how many such it may send until it is left. */
  refused: record({ error: errorField }),
  goodbye: record({ error: errorField }),
});
export type Notice = ValueOf<typeof notice>;
export type Welcome = Notice & { readonly type: 'welcome' };
const RESULT = 0;
const NOTICE = 1;

export interface Heading {
  readonly version: number;
  /** Bytes of all messages that the sender had received by then. */
  readonly received: number;
}

export function writeHeading(sink: Sink, received: number): void {
  for (const byte of MAGIC) sink.byte(byte);
  sink.unsigned(PROTOCOL_VERSION);
  sink.unsigned(received);
}

/** Throws WireError. Of another version nothing but the heading may be read. */
export function readHeading(source: Source): Heading {
  for (const byte of MAGIC) {
    if (source.byte() !== byte) throw new WireError('this is no message of onewal');
  }
  return { version: source.unsigned(), received: source.unsigned() };
}

export function writeRequest(sink: Sink, request: Request): void {
  requestField.write(sink, request);
}

/** Throws WireError. */
export function readRequest(source: Source): Request {
  source.item();
  return requestField.read(source);
}

export function isAnswered(type: RequestType): boolean {
  return REQUESTS[type].answer !== undefined;
}

export function writeAnswer<T extends RequestType>(
  sink: Sink,
  request: { readonly type: T; readonly id: number },
  answer: AnswerOf<T>,
): void {
  sink.byte(RESULT);
  sink.unsigned(request.id);
  (REQUESTS[request.type].answer as Field<AnswerOf<T>>).write(sink, answer);
}

export function writeNotice(sink: Sink, value: Notice): void {
  sink.byte(NOTICE);
  notice.write(sink, value);
}

export type FromOwner =
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | Notice;

/** `typeOf`: of the request that is answered. Throws WireError. */
export function readFromOwner(
  source: Source,
  typeOf: (id: number) => RequestType | undefined,
): FromOwner {
  const kind = source.byte();
  if (kind === NOTICE) return notice.read(source);
  if (kind !== RESULT) throw new WireError('there is no such frame');
  const answered = source.unsigned();
  const type = typeOf(answered);
  const field = type === undefined ? undefined : REQUESTS[type].answer;
  if (field === undefined) throw new WireError('an answer to what nobody has asked');
  return { type: 'answer', id: answered, answer: (field as Field<unknown>).read(source) };
}
