/** Reads a dump line by line, and holds it against what its last line says. */
import { createHash, type Hash } from 'node:crypto';
import { utf8Decode } from '../bytes/bytes.ts';
import {
  type DumpEnd,
  type DumpEntry,
  DumpError,
  type DumpHeader,
  readEnd,
  readEntry,
  readHeader,
} from './dump-format.ts';

export interface NumberedEntry extends DumpEntry {
  readonly line: number;
}

const LINE_END = 0x0a;

export class DumpReader {
  readonly #lines: AsyncGenerator<Uint8Array, void, void>;
  /** Of the lines before the current one. */
  readonly #hash: Hash = createHash('sha256');
  #current: Uint8Array | undefined;
  #line = 0;
  #entryCount = 0;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#lines = splitLines(input);
  }

  /** Throws DumpError. */
  async header(): Promise<DumpHeader> {
    const header = readHeader(await this.#next());
    if (typeof header === 'string') throw new DumpError(this.#line, header);
    return header;
  }

  /** Ends when the dump proves whole. Throws DumpError. */
  async *entries(): AsyncGenerator<NumberedEntry, void, void> {
    for (;;) {
      const json = await this.#next();
      const entry = readEntry(json);
      if (entry === undefined) return this.#checkEnd(readEnd(json));
      this.#entryCount++;
      yield { ...entry, line: this.#line };
    }
  }

  /** Lets go of the input, which may have more to say than anybody wants to hear. */
  async close(): Promise<void> {
    await this.#lines.return();
  }

  async #checkEnd(end: DumpEnd | undefined): Promise<void> {
    const line = this.#line;
    if (end === undefined) throw new DumpError(line, 'this is neither an entry nor the last line');
    if (end.entries !== this.#entryCount) {
      throw new DumpError(
        line,
        `${end.entries} entries were written, ${this.#entryCount} are here`,
      );
    }
    if (end.digest !== undefined && end.digest !== this.#hash.digest('hex')) {
      throw new DumpError(line, 'the digest is not that of the lines before: they were changed');
    }
    const more = await this.#lines.next();
    if (more.done !== true) throw new DumpError(line + 1, 'the dump goes on behind its last line');
  }

  async #next(): Promise<unknown> {
    if (this.#current !== undefined) this.#hash.update(this.#current).update('\n');
    const { value } = await this.#lines.next();
    this.#line++;
    if (value === undefined) throw new DumpError(this.#line, 'the dump is cut: its end is missing');
    this.#current = value;
    try {
      return JSON.parse(utf8Decode(value));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DumpError(this.#line, `this is no JSON: ${reason}`, error);
    }
  }
}

/** The lines without their ends; what follows the last end is a line if it is not empty. */
async function* splitLines(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  let parts: Uint8Array[] = [];
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}
