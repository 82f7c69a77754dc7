// @ts-check
/** The person at the screen can mend it; nothing was done. */
export class Refusal extends Error {
  /**
   * @param {'name' | 'deposit' | 'from' | 'to' | 'amount'} field where it can be mended
   * @param {string} message
   */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}
