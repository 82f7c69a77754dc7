/** Tells whether two acknowledgements say the same. */

let identityCount = 0;
const identities = new WeakMap<object, number>();

/** Equal for one object only. */
function identity(what: object): string {
  const number = identities.get(what) ?? identityCount++;
  identities.set(what, number);
  return `object ${number}`;
}

export function className(what: object): string {
  return what.constructor.name;
}

/** Equal for equal plain values; what has a class of its own, `nameOf` tells apart. */
export function acknowledgementKey(what: unknown, nameOf = identity): string {
  if (typeof what === 'bigint') return `${what}n`;
  if (typeof what === 'string') return JSON.stringify(what);
  if (typeof what === 'function') return nameOf(what);
  if (typeof what !== 'object' || what === null) return String(what);
  if (Array.isArray(what))
    return `[${what.map((item) => acknowledgementKey(item, nameOf)).join()}]`;
  if (what instanceof Uint8Array) return `bytes ${[...what].join(' ')}`;
  if (!isPlain(what)) return nameOf(what);
  const entries = Object.entries(what).map(([name, value]) => {
    return `${JSON.stringify(name)}:${acknowledgementKey(value, nameOf)}`;
  });
  return `{${entries.join()}}`;
}

function isPlain(what: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(what);
  return prototype === Object.prototype || prototype === null;
}
