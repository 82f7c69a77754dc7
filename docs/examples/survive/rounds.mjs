// @ts-check
/**
 * The loop of both modes: let a worker live, kill it, open the store, check what it holds.
 */

import { milliseconds, number } from '../table.mjs';
import { live } from './life.mjs';
import { randomOf } from './random.mjs';
import { otherFault } from './tally.mjs';

/** @import { Moment, Worker } from './life.mjs' */
/** @import { Random } from './random.mjs' */
/** @import { Report } from './report.mjs' */
/** @import { Check, Fault, Tally } from './tally.mjs' */

/** A worker and its end. @typedef {{ worker: Worker, moment: Moment }} Doom */

/**
 * What is put to the test.
 *
 * @typedef {object} Scenario
 * @property {string} seed
 * @property {(random: Random, killsLeft: number) => Doom} doom plans a kill amid the work
 * @property {() => Worker} idleWorker only opens the store
 * @property {() => Worker} lastWorker does the rest of the work and closes the store
 * @property {(report: Report) => boolean} hear says whether a commit was acknowledged
 * @property {(isThorough: boolean) => Promise<Check>} check opens, reads and closes the store
 */

/** Of all kills, so many hit `Store.open`. */
const OPENING_SHARE = 0.2;
const OPENING_MS_MAX = 5;
const ROUNDS_BETWEEN_THOROUGH_CHECKS = 5;
const FAULTS_SHOWN = 10;

export class Rounds {
  /**
   * @param {Scenario} scenario
   * @param {number} count of kills
   * @param {Tally} tally
   */
  constructor(scenario, count, tally) {
    this.scenario = scenario;
    this.count = count;
    this.tally = tally;
  }

  /** Ends at the first fault. @param {boolean} isNew whether the store is still to be made */
  async run(isNew) {
    if (!isNew) await this.#check('first', 'found as it was left', true);
    for (let round = 1; round <= this.count && this.tally.isClean; round++) await this.#kill(round);
    if (this.tally.isClean) await this.#finish();
  }

  /**
   * Before a kill during `open` nothing is checked: the check would open the store, and that kill
   * would find no recovery to interrupt.
   *
   * @param {number} round
   */
  async #kill(round) {
    const { worker, moment } = this.#doom(round);
    const { acknowledged, end } = await this.#live(worker, moment);
    this.tally.kills += 1;
    const isKilled = end === 'SIGKILL';
    if (!isKilled) this.tally.faults.push(otherFault(`the worker ended before its kill: ${end}`));
    const event = `killed while ${moment.label.padEnd(14)} ${acknowledging(acknowledged)}`;
    if (isKilled && round < this.count && this.#isOpening(round + 1)) {
      printRound(round, event, 'left as it is: the next kill hits its recovery');
      return;
    }
    const isThorough = round % ROUNDS_BETWEEN_THOROUGH_CHECKS === 0;
    this.tally.recoveriesMs.push(await this.#check(String(round), event, isThorough));
  }

  async #finish() {
    const { acknowledged, end, isDone } = await this.#live(this.scenario.lastWorker());
    if (!isDone) this.tally.faults.push(otherFault(`the worker ended before its work: ${end}`));
    await this.#check('last', `worked to its end           ${acknowledging(acknowledged)}`, true);
  }

  /** @param {number} round @returns {Doom} */
  #doom(round) {
    const random = randomOf(this.scenario.seed, 'kill', round);
    if (!this.#isOpening(round)) return this.scenario.doom(random, this.count - round + 1);
    const delayMs = random.fraction() * OPENING_MS_MAX;
    const moment = { label: 'opening', report: 'opening', count: 1, delayMs };
    return { worker: this.scenario.idleWorker(), moment };
  }

  /** @param {number} round */
  #isOpening(round) {
    return randomOf(this.scenario.seed, 'opening', round).fraction() < OPENING_SHARE;
  }

  /** @param {Worker} worker @param {Moment} [moment] */
  async #live(worker, moment) {
    let acknowledged = 0;
    let isDone = false;
    const end = await live(worker, moment, (report) => {
      if (this.scenario.hear(report)) acknowledged += 1;
      isDone = report.name === 'done';
    });
    this.tally.acknowledged += acknowledged;
    return { acknowledged, end, isDone };
  }

  /** @param {string} round @param {string} event @param {boolean} isThorough */
  async #check(round, event, isThorough) {
    const { openMs, summary, faults } = await this.scenario.check(isThorough);
    this.tally.faults.push(...faults);
    printRound(round, event, `opened in ${milliseconds(openMs).padStart(8)}   ${summary}`);
    printFaults(this.tally.faults);
    return openMs;
  }
}

/** @param {readonly Fault[]} faults */
function printFaults(faults) {
  for (const { kind, text } of faults.slice(0, FAULTS_SHOWN))
    console.log(`       ${kind}: ${text}`);
  if (faults.length > FAULTS_SHOWN) console.log(`       and ${faults.length - FAULTS_SHOWN} more`);
}

/** @param {number} count */
const acknowledging = (count) => `acknowledged ${number(count).padStart(5)}`;

/** @param {string | number} round @param {string} event @param {string} outcome */
function printRound(round, event, outcome) {
  console.log(`${String(round).padStart(5)}  ${event}   ${outcome}`);
}
