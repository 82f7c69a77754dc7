/** Writes: commits at once, and transactions, whose reads and writes the store itself keeps track of. */
import { LimitError, UsageError } from '../errors.ts';
import type { PutOptions, WriteOptions } from '../options.ts';
import type { Write } from '../store/map-handles.ts';
import { OPERATION_OVERHEAD_MAX } from '../wal/record.ts';
import { choosesKeys, chosenKeys } from './clearing.ts';
import {
  addBytes,
  addSteps,
  boundsSize,
  type Desk,
  type Handlers,
  toRangeOptions,
} from './desk.ts';
import type { ServedTransaction } from './holdings.ts';
import type { CheckedPolicy } from './policy.ts';
import type { AnswerOf, RequestOf, WireStep, WireWrite } from './protocol.ts';
import { notAllowed, tooLarge } from './refusal.ts';

type ChangeType = 'commit' | 'drop' | 'quota' | 'begin' | 'lock' | 'settle' | 'size' | 'changes';

export const CHANGING: Handlers<ChangeType> = {
  commit: (desk, request) => commit(desk, request),
  drop: (desk, { map, durability, token }) => {
    if (!desk.policy.allow.has('dropMap')) throw notAllowed('maps may not be dropped');
    desk.admission.requireWritable(map);
    return desk.store.dropMap(map, writeOptions({ durability, token }));
  },
  quota: (desk, { store, maps }) => {
    if (!desk.policy.allow.has('setQuota')) throw notAllowed('quotas may not be set');
    return desk.store.setQuota({
      ...(store === undefined ? {} : { bytes: store }),
      // Without a prototype: the name of a map is whatever the other side says.
      maps: Object.assign(
        Object.create(null),
        Object.fromEntries(maps.map(({ name, quota }) => [name, quota])),
      ),
    });
  },
  begin: (desk, request) => begin(desk, request),
  lock: async (desk, { transaction: id, map, key }) => {
    const { holdings, admission } = desk;
    const served = holdings.transactionOf(id);
    admission.checkKey(holdings.targetOf(map), key);
    addSteps(desk, served, 1);
    addBytes(desk, served, key.length);
    await served.transaction.map(holdings.mapOf(map)).lock(key);
    return served.transaction.sequence;
  },
  settle: async (desk, { transaction: id }) => {
    try {
      const served = desk.holdings.transactionOf(id);
      if (served.hasToken && !served.hasWritten) requireTokenAlone(desk);
      return await served.transaction.commit();
    } finally {
      desk.holdings.end(id);
    }
  },
  size: ({ holdings }, { transaction: id }) => holdings.transactionOf(id).transaction.size,
  changes: (desk, { transaction: id }) => changesOf(desk, id),
};

/** Does what a transaction is to do, or notes why it could not. */
export function apply(desk: Desk, { transaction: id, steps }: RequestOf<'apply'>): void {
  const served = desk.holdings.find(id);
  if (served?.kind !== 'transaction' || served.failure !== undefined) return;
  try {
    for (const step of steps) applyStep(desk, served, step);
  } catch (cause) {
    failTransaction(served, cause);
  }
}

export function failTransaction(served: ServedTransaction, cause: unknown): void {
  served.failure = { cause };
  if (served.transaction.state === 'open') served.transaction.abort();
}

function applyStep(desk: Desk, served: ServedTransaction, step: WireStep): void {
  const { transaction, savepoints } = served;
  switch (step.type) {
    case 'savepoint':
      addSteps(desk, served, 1);
      savepoints.push(transaction.savepoint());
      return;
    case 'rollback': {
      const savepoint = savepoints[step.depth];
      if (savepoint === undefined) {
        throw new UsageError('SAVEPOINT_RELEASED', 'there is no savepoint of this depth');
      }
      transaction.rollbackTo(savepoint);
      savepoints.length = step.depth + 1;
      return;
    }
    default:
      applyWrite(desk, served, step);
  }
}

function applyWrite(desk: Desk, served: ServedTransaction, write: WireWrite): void {
  const { holdings } = desk;
  const { transaction } = served;
  addBytes(desk, served, sizeOf(write));
  checkWrite(desk, write);
  served.hasWritten = true;
  const map = transaction.map(holdings.mapOf(write.map));
  if (write.type === 'put') map.put(write.key, write.value);
  else if (write.type === 'remove') map.remove(write.key);
  else if (choosesKeys(write.range)) {
    addSteps(desk, served, 1);
    const count = (size: number): void => addBytes(desk, served, size);
    for (const key of chosenKeys(map, write.range, count)) map.remove(key);
  } else map.clear(toRangeOptions(write.range));
}

function commit(desk: Desk, request: RequestOf<'commit'>): Promise<AnswerOf<'commit'>> {
  const { writes, condition, token } = request;
  if (token !== undefined && writes.length === 0) requireTokenAlone(desk);
  const size = writes.reduce((sum, write) => sum + sizeOf(write), 0);
  requireCommitSize(desk.policy, size);
  for (const write of writes) checkWrite(desk, write);
  const options = writeOptions(request);
  if (condition === undefined) {
    return desk.store.batch(toWrites(desk, request, size), options);
  }
  const [put, more] = writes;
  if (put?.type !== 'put' || more !== undefined) {
    throw new UsageError('INVALID_ARGUMENT', 'a condition is that of one put', { committed: 'no' });
  }
  const conditions: PutOptions =
    condition.type === 'absent' ? { ifAbsent: true } : { ifSequence: condition.sequence };
  return desk.holdings.mapOf(put.map).put(put.key, put.value, { ...options, ...conditions });
}

/** `size`: what they come to as they are. Throws LIMIT and OVERLOADED on its way. */
function* toWrites(
  { holdings, policy, unanswered }: Desk,
  { id, writes }: RequestOf<'commit'>,
  size: number,
): Generator<Write, void, void> {
  let sum = size;
  const count = (more: number): void => {
    sum += more;
    requireCommitSize(policy, sum);
    unanswered.grow(id, more);
  };
  for (const write of writes) {
    const map = holdings.mapOf(write.map);
    if (write.type !== 'clear') yield { ...write, map };
    else if (choosesKeys(write.range)) {
      for (const key of chosenKeys(map, write.range, count)) yield { type: 'remove', map, key };
    } else yield { type: 'clear', map, range: toRangeOptions(write.range) };
  }
}

/** Throws NOT_ALLOWED, LIMIT, KEY_INVALID, VALUE_INVALID, MAP_ENCODING_MISMATCH. */
function checkWrite({ holdings, admission }: Desk, write: WireWrite): void {
  const target = holdings.targetOf(write.map);
  if (write.type === 'put') admission.checkPut(target, write.key, write.value);
  else if (write.type === 'remove') admission.checkKey(target, write.key);
  else admission.requireWritable(target.name);
}

function sizeOf(write: WireWrite): number {
  if (write.type === 'clear') return OPERATION_OVERHEAD_MAX + boundsSize(write.range);
  const valueSize = write.type === 'put' ? write.value.length : 0;
  return OPERATION_OVERHEAD_MAX + write.key.length + valueSize;
}

/** Throws LIMIT. */
function requireCommitSize({ limits }: CheckedPolicy, size: number): void {
  const most = limits.commitBytes;
  if (size <= most) return;
  throw new LimitError(`the commit takes ${size} bytes or more, the limit is ${most}: split it`);
}

/**
 * A commit with a token is logged, and makes the store forget an old one, even if it writes nothing:
 * that is for who may write. Throws NOT_ALLOWED.
 */
function requireTokenAlone({ policy }: Desk): void {
  if (!policy.mayWriteAll) throw notAllowed('a token may not be committed without a write');
}

function writeOptions(request: {
  readonly durability: WriteOptions['durability'];
  readonly token: Uint8Array | undefined;
}): WriteOptions {
  const { durability, token } = request;
  return {
    ...(durability === undefined ? {} : { durability }),
    ...(token === undefined ? {} : { token }),
  };
}

function begin(desk: Desk, request: RequestOf<'begin'>): AnswerOf<'begin'> {
  const { holdings, store } = desk;
  holdings.requireRoom('transaction');
  const { isolation, mode, lockTimeout } = request;
  const transaction = store.begin({ isolation, mode, lockTimeout, ...writeOptions(request) });
  holdings.hold(request.id, {
    kind: 'transaction',
    transaction,
    savepoints: [],
    hasToken: request.token !== undefined,
    hasWritten: false,
    bytes: 0,
    steps: 0,
    failure: undefined,
  });
  return { sequence: transaction.sequence, number: transaction.id };
}

function changesOf({ holdings, admission, policy }: Desk, id: number): AnswerOf<'changes'> {
  const sizeMax = policy.limits.messageBytes;
  const changes: AnswerOf<'changes'>[number][] = [];
  let size = 0;
  for (const change of holdings.transactionOf(id).transaction.changes()) {
    const { map } = change;
    admission.requireReadable(map);
    const [key, before, after] = [change.key, change.before, change.after] as Uint8Array[];
    size += (key?.length ?? 0) + (before?.length ?? 0) + (after?.length ?? 0);
    if (size > sizeMax) throw tooLarge(sizeMax);
    changes.push({ map, key: key as Uint8Array, before, after });
  }
  return changes;
}
