/** The beginning of a key as a number, so that most comparisons need not look at the keys. */

/** Four bytes from `start`, zeros from `end` on, as one number: in the order of the keys. */
export function keyMark(bytes: Uint8Array, start: number, end: number): number {
  if (start + 4 <= end) {
    return (
      (((bytes[start] as number) << 24) |
        ((bytes[start + 1] as number) << 16) |
        ((bytes[start + 2] as number) << 8) |
        (bytes[start + 3] as number)) >>>
      0
    );
  }
  let mark = 0;
  for (let i = 0; i < 4; i++)
    mark = mark * 256 + (start + i < end ? (bytes[start + i] as number) : 0);
  return mark;
}
