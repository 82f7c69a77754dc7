// @ts-check
/** IndexedDB stores the whole buffer beneath a view. @param {Uint8Array} bytes */
export const copyOf = (bytes) => Uint8Array.from(bytes);
