// @ts-check
/** A transfer whose worker is killed in the middle, and what is found when the store is opened again. */
import {
  checkTransfer,
  readBank,
  transfer as transferInOneCommit,
  transferInTwoWrites,
} from './money/bank.mjs';
import { judge } from './money/verdict.mjs';

/** @import { Keeper } from './keeper.mjs' */
/** @import { Transfer } from './money/bank.mjs' */

/** @typedef {'one' | 'two'} Way */
/** @typedef {Awaited<ReturnType<typeof transferAndKill>>} Finding */

const FIRST_GUESS_MS = 8;
/** Some of the kills come when all is done: those must find the transfer. */
const BEYOND = 1.25;
const SHARE_OF_NEWEST = 0.2;
/** Where kills come before any answer, the next come later. */
const LATER = 1.1;

const WAYS = { one: transferInOneCommit, two: transferInTwoWrites };
/** How long a transfer takes here, in ms, so that the moments of the kills spread over all of it. */
const typical = { one: FIRST_GUESS_MS, two: FIRST_GUESS_MS };

/**
 * Throws Refusal.
 *
 * @param {Keeper} keeper
 * @param {Transfer} transfer
 * @param {Way} way
 */
export async function makeTransfer(keeper, transfer, way) {
  const startedAt = performance.now();
  await WAYS[way](keeper.bank, transfer, { at: Date.now() });
  learn(way, performance.now() - startedAt);
}

/**
 * Throws Refusal, and then nobody is killed.
 *
 * @param {Keeper} keeper
 * @param {Transfer} transfer
 * @param {Way} way
 */
export async function transferAndKill(keeper, transfer, way) {
  const before = await readBank(keeper.bank);
  checkTransfer(before, transfer);
  const token = crypto.randomUUID();
  const startedAt = performance.now();
  let isAcknowledged = false;
  const delay = Math.random() * BEYOND * typical[way];
  WAYS[way](keeper.bank, transfer, { at: Date.now(), token }).then(
    () => {
      isAcknowledged = true;
      learn(way, performance.now() - startedAt);
    },
    // The port of a killed worker ends some time later.
    () => undefined,
  );
  await passUntil(startedAt + delay);
  const killedAt = performance.now();
  const wasAcknowledged = isAcknowledged;
  if (!wasAcknowledged) typical[way] *= LATER;
  keeper.kill();
  await keeper.open();
  const openedAt = performance.now();
  const after = await readBank(keeper.bank);
  return {
    ...judge(before, after, { transfer, isAcknowledged: wasAcknowledged }),
    way,
    transfer,
    after,
    isAcknowledged: wasAcknowledged,
    /** What the store itself says of it; of two writes it cannot know. */
    told: way === 'one' ? await keeper.bank.store.outcomeOf(token) : undefined,
    killedAfterMs: killedAt - startedAt,
    openedInMs: openedAt - killedAt,
  };
}

/** @param {Way} way @param {number} ms */
function learn(way, ms) {
  typical[way] += SHARE_OF_NEWEST * (ms - typical[way]);
}

/**
 * Lets messages through until then: a timer is too coarse for the middle of a commit.
 *
 * @param {number} moment
 */
async function passUntil(moment) {
  const { port1, port2 } = new MessageChannel();
  while (performance.now() < moment) {
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(undefined);
    });
  }
  port1.close();
}
