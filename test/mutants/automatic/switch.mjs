// @ts-check
/** Which mutant is there; 0 is none. In the bundle all modules share it. */
export const mutant = {
  id: 0,
  /** @type {Set<number>} Those whose place was reached; for the bundle that asks. */
  reached: new Set(),
  /** @param {number} id */
  at(id) {
    this.reached.add(id);
    return this.id === id;
  },
};
