/** Whether bytes are text, without making the text: table 3-7 of the Unicode Standard, "Well-Formed". */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let offset = start;
  while (offset < end) {
    const lead = bytes[offset++] as number;
    if (lead < 0x80) continue;
    const rest = restSize(lead);
    if (rest === 0 || rest > end - offset || !isSecond(bytes[offset] as number, lead)) return false;
    for (let i = 1; i < rest; i++) {
      if (((bytes[offset + i] as number) & 0xc0) !== 0x80) return false;
    }
    offset += rest;
  }
  return true;
}

/** How many bytes follow; 0 for what is no first byte. */
function restSize(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return 1;
  return lead < 0xf0 ? 2 : 3;
}

/** Some leave out what has a shorter form, surrogates, and what is above U+10FFFF. */
function isSecond(byte: number, lead: number): boolean {
  if (byte >> 6 !== 2) return false;
  if (lead === 0xe0) return byte >= 0xa0;
  if (lead === 0xed) return byte < 0xa0;
  if (lead === 0xf0) return byte >= 0x90;
  return lead !== 0xf4 || byte < 0x90;
}
