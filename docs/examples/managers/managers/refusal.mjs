// @ts-check
/** An entry cannot be executed: what it has changed so far must not have happened. */
export class Refusal extends Error {}
