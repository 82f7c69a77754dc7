// @ts-check
/**
 * The answer to a trigger: what its agent does, and the agents that this one pays. It only ever
 * writes to the ledger that it is given. Whether all of that is one commit, or two of which a crash
 * may leave one, is the business of whoever gives it: one-store.mjs and two-stores.mjs.
 */
import { AGENTS, Bounce } from './agents.mjs';

/** @import { Call, Variable } from './agents.mjs' */
/** @import { Trigger } from './chain.mjs' */
/** @import { Ledger } from './ledger.mjs' */

/** @typedef {{ from: string, to: string, amount: bigint }} Payment */

/**
 * @typedef {object} Response
 * @property {string} agent
 * @property {string | null} bounced why, if it did
 * @property {Payment[]} payments
 * @property {[name: string, value: Variable | null][]} variables null: removed
 */

/** @typedef {Trigger & { initialFrom: string }} Request */

/** What an agent keeps of the coins that it sends back. */
const BOUNCE_FEE = 10n;

/** @param {Ledger} ledger @param {Trigger} trigger @returns {Response[]} */
export function handlePrimaryTrigger(ledger, trigger) {
  const { mci, unit, agent, from, amount } = trigger;
  const arrival = { from, to: agent, amount };
  move(ledger, arrival);
  const responses = respondOrBounce(ledger, trigger);
  responses[0]?.payments.unshift(arrival);

  for (const [i, response] of responses.entries()) {
    ledger.responses.put([mci, unit, agent, i], response);
  }
  ledger.triggers.remove([mci, unit, agent]);
  const { agents, responseCount } = ledger.units.get([mci, unit]) ?? {
    agents: [],
    responseCount: 0,
  };
  ledger.units.put([mci, unit], { agents, responseCount: responseCount + responses.length });
  return responses;
}

/**
 * A bounce, of the agent or of one that it paid, undoes everything but the arrival of the coins; the
 * transaction goes on from there.
 *
 * @param {Ledger} ledger @param {Trigger} trigger
 */
function respondOrBounce(ledger, trigger) {
  const rollBack = ledger.savepoint();
  try {
    return respond(ledger, { ...trigger, initialFrom: trigger.from });
  } catch (error) {
    if (!(error instanceof Bounce)) throw error;
    rollBack();
    return [sendBack(ledger, trigger, error.message)];
  }
}

/** @param {Ledger} ledger @param {Request} request @returns {Response[]} */
function respond(ledger, request) {
  /** @type {Response} */
  const response = { agent: request.agent, bounced: null, payments: [], variables: [] };
  AGENTS[request.agent]?.(callOf(ledger, request, response));
  const secondary = response.payments.filter(({ to }) => to in AGENTS);
  return [
    response,
    ...secondary.flatMap(({ from, to, amount }) =>
      respond(ledger, { ...request, agent: to, from, amount, withdraw: 0n }),
    ),
  ];
}

/** @param {Ledger} ledger @param {Request} request @param {Response} response @returns {Call} */
function callOf(ledger, request, { payments, variables }) {
  const { agent } = request;
  return {
    ...request,
    get: (name) => ledger.state.get([agent, name]),
    set: (name, value) => {
      if (value === undefined) ledger.state.remove([agent, name]);
      else ledger.state.put([agent, name], value);
      variables.push([name, value ?? null]);
    },
    pay: (to, amount) => {
      const payment = { from: agent, to, amount };
      move(ledger, payment);
      payments.push(payment);
    },
  };
}

/** @param {Ledger} ledger @param {Trigger} trigger @param {string} bounced @returns {Response} */
function sendBack(ledger, { agent, from, amount }, bounced) {
  const payments =
    amount > BOUNCE_FEE ? [{ from: agent, to: from, amount: amount - BOUNCE_FEE }] : [];
  for (const payment of payments) move(ledger, payment);
  return { agent, bounced, payments, variables: [] };
}

/** @param {Ledger} ledger @param {Payment} payment */
function move({ balances }, { from, to, amount }) {
  const left = (balances.get(from) ?? 0n) - amount;
  if (left < 0n) throw new Bounce(`${from} cannot pay ${amount}`);
  balances.put(from, left);
  balances.put(to, (balances.get(to) ?? 0n) + amount);
}
