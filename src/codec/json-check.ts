/**
 * Whether bytes are a value in JSON (RFC 8259), without making the value: three bytes of them may
 * stand for an object. What passes here is what JSON.parse reads, and nothing else.
 */
import { utf8Encode } from '../bytes/bytes.ts';
import { isUtf8 } from './utf8-check.ts';

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a] as const;
const [MINUS, PLUS, POINT, ZERO, NINE] = [0x2d, 0x2b, 0x2e, 0x30, 0x39] as const;
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d] as const;
const [UNICODE, LOWER_E, UPPER_E] = [0x75, 0x65, 0x45] as const;
const BLANKS: ReadonlySet<number | undefined> = new Set(utf8Encode(' \t\n\r'));
const ESCAPED: ReadonlySet<number | undefined> = new Set(utf8Encode('"\\/bfnrt'));
const HEX: ReadonlySet<number | undefined> = new Set(utf8Encode('0123456789abcdefABCDEF'));
const WORDS = ['true', 'false', 'null'].map(utf8Encode);

/** Throws Error unless `bytes` are one value and nothing else. */
export function checkJsonValue(bytes: Uint8Array): void {
  new JsonCheck(bytes).whole();
}

class JsonCheck {
  private readonly bytes: Uint8Array;
  private offset = 0;
  /** What ends each array and object that is open. They may nest without end, as for JSON.parse. */
  private readonly ends: Stack = new Stack();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  whole(): void {
    do this.value();
    while (this.goesOn());
    if (this.offset < this.bytes.length) throw malformed('something after the value');
  }

  /** A scalar, an empty container, or the opening of others up to the first of these. */
  private value(): void {
    for (;;) {
      const first = this.nextByte();
      if (first !== ARRAY && first !== OBJECT) {
        this.scalar(first);
        return;
      }
      const end = first === ARRAY ? ARRAY_END : OBJECT_END;
      this.offset++;
      if (this.nextByte() === end) {
        this.offset++;
        return;
      }
      this.ends.push(end);
      if (end === OBJECT_END) this.key();
    }
  }

  /** Behind a value: closes what ends here. True if another value follows. */
  private goesOn(): boolean {
    for (;;) {
      const next = this.nextByte();
      const end = this.ends.top;
      if (end === undefined) return false;
      this.offset++;
      if (next === COMMA) {
        if (end === OBJECT_END) this.key();
        return true;
      }
      if (next !== end) throw malformed('neither a comma nor an end');
      this.ends.pop();
    }
  }

  private key(): void {
    if (this.nextByte() !== QUOTE) throw malformed('a key that is no text');
    this.text();
    if (this.nextByte() !== COLON) throw malformed('no colon after a key');
    this.offset++;
  }

  private scalar(first: number | undefined): void {
    if (first === QUOTE) this.text();
    else if (first === MINUS || isDigit(first)) this.number();
    else this.word();
  }

  private text(): void {
    const start = ++this.offset;
    for (;;) {
      const byte = this.bytes[this.offset];
      if (byte === undefined || byte < 0x20) throw malformed('text that does not end');
      if (byte === QUOTE) break;
      this.offset++;
      if (byte === BACKSLASH) this.escape();
    }
    if (!isUtf8(this.bytes, start, this.offset++)) throw malformed('text that is not UTF-8');
  }

  private escape(): void {
    const escaped = this.bytes[this.offset++];
    if (ESCAPED.has(escaped)) return;
    if (escaped !== UNICODE) throw malformed('an unknown escape');
    for (let i = 0; i < 4; i++) {
      if (!HEX.has(this.bytes[this.offset++])) throw malformed('an escape without its digits');
    }
  }

  private number(): void {
    if (this.bytes[this.offset] === MINUS) this.offset++;
    if (this.bytes[this.offset] === ZERO) this.offset++;
    else this.digits();
    if (this.bytes[this.offset] === POINT) {
      this.offset++;
      this.digits();
    }
    const mark = this.bytes[this.offset];
    if (mark !== LOWER_E && mark !== UPPER_E) return;
    const sign = this.bytes[++this.offset];
    if (sign === MINUS || sign === PLUS) this.offset++;
    this.digits();
  }

  private digits(): void {
    const start = this.offset;
    while (isDigit(this.bytes[this.offset])) this.offset++;
    if (this.offset === start) throw malformed('a number without digits');
  }

  private word(): void {
    const word = WORDS.find((bytes) =>
      bytes.every((byte, i) => byte === this.bytes[this.offset + i]),
    );
    if (word === undefined) throw malformed('no value where one was expected');
    this.offset += word.length;
  }

  /** Behind blanks. Undefined at the end. */
  private nextByte(): number | undefined {
    while (BLANKS.has(this.bytes[this.offset])) this.offset++;
    return this.bytes[this.offset];
  }
}

/** A byte for each container that is open. */
class Stack {
  private bytes = new Uint8Array(64);
  private size = 0;

  get top(): number | undefined {
    return this.size === 0 ? undefined : this.bytes[this.size - 1];
  }

  push(byte: number): void {
    if (this.size === this.bytes.length) {
      const larger = new Uint8Array(2 * this.size);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.size++] = byte;
  }

  pop(): void {
    this.size--;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function malformed(reason: string): Error {
  return new Error(`not a value in JSON: ${reason}`);
}
