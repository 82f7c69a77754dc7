/**
 * Keys of several types in one order: null, false, true, numbers and bigints by value, strings by
 * code point, arrays element by element.
 *
 *     key     := element | element (00 element)+       an array has two elements or more
 *     element := 00 null | 06 false | 07 true | number | bigint | text
 *     text    := 1b? (04 00..04 | 05.. )*              UTF-8; 1b where it is empty or starts below 1c
 *
 * Numbers and bigints are ordered-number.ts's. These are the bytes of the npm package
 * ordered-binary for every key that it reads back as it was. It loses a few that are kept apart
 * here: a bigint equal to a double, long text with a unit below U+0005, a late null in an array.
 */
export const SEPARATOR = 0x00;
export const NULL = 0x00;
export const ESCAPE = 0x04;
export const FALSE = 0x06;
export const TRUE = 0x07;
export const TEXT = 0x1b;
export const TEXT_UNIT_MIN = 0x1c;

export type OrderedElement = string | number | bigint | boolean | null;
export type OrderedKey = OrderedElement | readonly OrderedElement[];
