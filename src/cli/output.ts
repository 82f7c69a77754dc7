/** Standard output: in large writes, no faster than its reader, and ended when its reader is. */
import type { Writable } from 'node:stream';

const WRITE_SIZE = 64 << 10;

/** The reader of the pipe has had enough: `onewal dump DIR | head`. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}

export class Output {
  readonly #stream: Writable;
  readonly #parts: string[] = [];
  #size = 0;
  #failure: Error | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', (error) => {
      this.#failure = isClosedPipe(error) ? new ClosedPipe() : error;
    });
  }

  /** Wait for what it returns, if anything, before the next line. Rejects as `flush` does. */
  line(text: string): Promise<void> | undefined {
    this.#parts.push(text, '\n');
    this.#size += text.length + 1;
    return this.#size < WRITE_SIZE ? undefined : this.flush();
  }

  /** Resolves when everything was taken. Throws ClosedPipe, host errors. */
  async flush(): Promise<void> {
    const text = this.#parts.join('');
    this.#parts.length = 0;
    this.#size = 0;
    if (text !== '') await this.#write(text);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      // A reader that leaves while we wait may take the callback with it.
      this.#stream.once('close', resolve);
      this.#stream.write(text, (error) => {
        this.#stream.off('close', resolve);
        if (error === undefined || error === null) resolve();
        else reject(isClosedPipe(error) ? new ClosedPipe() : error);
      });
    });
  }
}

const CLOSED_PIPE_CODES = new Set(['EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE']);

function isClosedPipe(error: Error): boolean {
  return CLOSED_PIPE_CODES.has((error as { readonly code?: string }).code ?? '');
}
