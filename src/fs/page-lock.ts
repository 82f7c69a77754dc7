/** The places that are in use in this page, by any copy of this package. */
const PLACES = Symbol.for('onewal: places in use in this page');

type Scope = { [PLACES]?: Set<string> };

/** Returns what gives the place back. */
export function takePlace(name: string): (() => void) | 'taken' {
  const scope = globalThis as Scope;
  scope[PLACES] ??= new Set();
  const places = scope[PLACES];
  if (places.has(name)) return 'taken';
  places.add(name);
  let isHeld = true;
  return () => {
    if (isHeld) places.delete(name);
    isHeld = false;
  };
}
