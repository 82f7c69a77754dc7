/** What is asked of the store as a whole: outcomes, figures, long work, and to be told of commits. */
import { cborValue } from '../codec/cbor-value.ts';
import type { Progress, StoreEvent, WorkOptions } from '../options.ts';
import type { EncodedCommitEvent, EventType, Listener } from '../store/listeners.ts';
import { type Desk, type Handlers, isBehind } from './desk.ts';
import { shortened, toFailure } from './error-field.ts';
import type { Privilege } from './policy.ts';
import { type RequestOf, writeNotice } from './protocol.ts';
import { notAllowed, overloaded } from './refusal.ts';

type LongWork = 'checkpoint' | 'compact' | 'verify';
type QuestionType = 'outcome' | 'flush' | LongWork | 'maps' | 'stats' | 'info' | 'subscribe';

export const ASKING: Handlers<QuestionType> = {
  outcome: ({ store }, { token }) => store.outcomeOf(token),
  flush: async ({ store }) => {
    await store.flush();
    return undefined;
  },
  checkpoint: (desk, { id }) => work(desk, id, 'checkpoint'),
  compact: (desk, { id }) => work(desk, id, 'compact'),
  verify: (desk, { id }) => work(desk, id, 'verify'),
  maps: (desk) => mapsShown(desk),
  stats: (desk) => {
    requirePrivilege(desk, 'stats');
    const { maps, ...rest } = desk.store.stats();
    const shown = Object.entries(maps).filter(([name]) => desk.policy.mayRead(name));
    return cborValue.encode({ ...rest, maps: new Map(shown) });
  },
  info: (desk) => {
    requirePrivilege(desk, 'info');
    return cborValue.encode({ ...desk.store.info });
  },
  subscribe: (desk, request) => {
    desk.holdings.requireRoom('subscription');
    const { engine } = desk.inside;
    engine.requireOpen();
    const stop =
      request.kind === 'commits' ? tellCommits(desk, request) : tellReports(desk, request.id);
    desk.holdings.hold(request.id, { kind: 'subscription', stop });
    return undefined;
  },
};

export function mapsShown({ store, policy }: Desk): readonly string[] {
  return store.maps.filter((name) => policy.mayRead(name) || policy.mayWrite(name));
}

/** Throws NOT_ALLOWED. */
function requirePrivilege({ policy }: Desk, privilege: Privilege): void {
  if (!policy.allow.has(privilege)) throw notAllowed(`${privilege} is not allowed`);
}

async function work(desk: Desk, id: number, kind: LongWork): Promise<Uint8Array> {
  requirePrivilege(desk, kind);
  const stop = new AbortController();
  desk.stops.set(id, stop);
  const onProgress = ({ phase, done, total, unit }: Progress): void => {
    // The newest is enough for who has not had the one before.
    if (!desk.outbox.isEmpty) return;
    const progress = { type: 'progress', id, phase, done, total, unit } as const;
    desk.outbox.add((sink) => writeNotice(sink, progress));
  };
  const options: WorkOptions = { signal: stop.signal, onProgress };
  try {
    return cborValue.encode({ ...(await desk.store[kind](options)) });
  } finally {
    desk.stops.delete(id);
  }
}

function tellCommits(desk: Desk, { id, maps }: RequestOf<'subscribe'>): () => void {
  const { policy, outbox } = desk;
  const wanted = maps === undefined ? undefined : new Set(maps);
  const isShown = (map: string): boolean =>
    (wanted === undefined || wanted.has(map)) && policy.mayRead(map);
  return listen(desk, 'encoded commit', (event) => {
    const { sequence, changes } = event as EncodedCommitEvent;
    const shown = changes.filter(({ target }) => isShown(target.name));
    if (shown.length === 0 || endIfBehind(desk, id)) return;
    outbox.add((sink) =>
      writeNotice(sink, {
        type: 'changes',
        subscription: id,
        sequence,
        changes: shown.map(({ target, ...bytes }) => ({ map: target.name, ...bytes })),
      }),
    );
  });
}

const REPORTED = ['checkpoint', 'error', 'lost', 'resolved', 'closed'] as const;

function tellReports(desk: Desk, id: number): () => void {
  const stops = REPORTED.map((type) =>
    listen(desk, type, (event) => {
      if (!endIfBehind(desk, id)) report(desk, id, event as StoreEvent);
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

function report(desk: Desk, subscription: number, event: StoreEvent): void {
  const { type, message, error } = event;
  desk.outbox.add((sink) =>
    writeNotice(sink, {
      type: 'report',
      subscription,
      event: type,
      message: shortened(message),
      error: error === undefined ? undefined : toFailure(error),
    }),
  );
}

/** A side that does not take what it is sent is sent no more, and told so. */
function endIfBehind(desk: Desk, id: number): boolean {
  const { policy, outbox, holdings } = desk;
  if (!isBehind(desk)) return false;
  holdings.end(id);
  const what = `a subscription ended: ${policy.limits.unreceivedBytes} bytes were not received`;
  report(desk, id, { type: 'error', message: what, error: overloaded(what) });
  outbox.flush();
  return true;
}

function listen({ inside }: Desk, type: EventType, listener: Listener): () => void {
  return inside.engine.listeners.add(type, listener);
}
