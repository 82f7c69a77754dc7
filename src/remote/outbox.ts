/** What one side says: frames gathered into messages, and how much of it the other side has. */
import { LimitError } from '../errors.ts';
import { writeHeading } from './protocol.ts';
import { Sink } from './wire.ts';

/** A message that has grown to this is sent, without waiting for more. */
const MESSAGE_SIZE_TARGET = 256 << 10;

/** What the other side takes in one message. */
export interface MessageLimits {
  readonly sizeMax: number;
  readonly itemsMax: number;
}

export class Outbox {
  readonly #sink = new Sink();
  readonly #send: (bytes: Uint8Array) => void;
  readonly #received: () => number;
  #limits: MessageLimits;
  #items = 0;
  #isScheduled = false;
  #isClosed = false;
  #sent = 0;

  /** `received`: bytes of all messages of the other side so far. */
  constructor(parts: MessageLimits & { send(bytes: Uint8Array): void; received(): number }) {
    this.#limits = parts;
    this.#send = (bytes) => parts.send(bytes);
    this.#received = () => parts.received();
  }

  /** Bytes of all messages. */
  get sent(): number {
    return this.#sent;
  }

  get isEmpty(): boolean {
    return this.#sink.size === 0;
  }

  /** As soon as it is known what the other side takes. */
  setLimits(limits: MessageLimits): void {
    this.#limits = limits;
  }

  /**
   * Adds a frame, of so many items; what is added in the same turn goes out as one message. Throws
   * LIMIT for one that is too large for a message of its own, with nothing added.
   */
  add(write: (sink: Sink) => void, items = 1): void {
    if (this.#isClosed) return;
    if (!this.#fits(write, items)) {
      this.flush();
      if (!this.#fits(write, items)) throw this.#tooLarge();
    }
    if (this.#sink.size > MESSAGE_SIZE_TARGET) this.flush();
    else this.#schedule();
  }

  /** Says that this side is there, and what it has received. */
  beat(): void {
    if (this.#isClosed) return;
    this.#begin();
    this.flush();
  }

  flush(): void {
    if (this.isEmpty || this.#isClosed) return;
    const bytes = this.#sink.take();
    this.#items = 0;
    this.#sent += bytes.length;
    this.#send(bytes);
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
  }

  #begin(): void {
    if (this.isEmpty) writeHeading(this.#sink, this.#received());
  }

  /** Writes it, if the message takes it. */
  #fits(write: (sink: Sink) => void, items: number): boolean {
    if (this.#items + items > this.#limits.itemsMax) return false;
    const wasEmpty = this.isEmpty;
    this.#begin();
    const before = this.#sink.size;
    let isWritten = false;
    try {
      write(this.#sink);
      isWritten = this.#sink.size <= this.#limits.sizeMax;
    } finally {
      if (!isWritten) this.#sink.cutBack(wasEmpty ? 0 : before);
    }
    if (isWritten) this.#items += items;
    return isWritten;
  }

  #tooLarge(): LimitError {
    const { sizeMax, itemsMax } = this.#limits;
    return new LimitError(
      `a message takes at most ${sizeMax} bytes and ${itemsMax} writes or keys: ask for less at once`,
    );
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }
}
