// @ts-check
/**
 * Chance that can be replayed: the same seed and labels give the same numbers, in every process.
 */

/** @typedef {ReturnType<typeof randomOf>} Random */

/** @typedef {{ readonly share: number }} Share */

/**
 * A stream of numbers of its own for every combination of labels.
 *
 * @param {string} seed
 * @param {...(string | number)} labels
 */
export function randomOf(seed, ...labels) {
  let state = hash(`${seed}/${labels.join('/')}`);
  const fraction = () => {
    state = (state + 0x9e3779b9) | 0;
    return mix(state) / 2 ** 32;
  };
  /** Both bounds are included. @param {number} min @param {number} max */
  const integer = (min, max) => min + Math.floor(fraction() * (max - min + 1));
  /**
   * Takes each item as often as its share, of shares that add up to 1, says.
   *
   * @template {readonly [Share, ...Share[]]} Items
   * @param {Items} items
   * @returns {Items[number]}
   */
  const pick = (items) => {
    let left = fraction();
    for (const item of items) {
      left -= item.share;
      if (left < 0) return item;
    }
    return items[0];
  };
  return { fraction, integer, pick };
}

/** FNV-1a. @param {string} text */
function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value;
}

/** The finalizer of MurmurHash3. @param {number} value */
function mix(value) {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
