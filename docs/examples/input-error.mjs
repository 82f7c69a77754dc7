// @ts-check
/** The person at the keyboard can mend it: a wrong option, an unusable file, a foreign directory. */
export class InputError extends Error {}
