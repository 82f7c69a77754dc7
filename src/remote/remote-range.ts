/**
 * Entries from afar, in chunks. The owner sends a chunk for each that is asked for, never more: who
 * reads slowly holds back who sends. Who stops early lets go of the iteration at the owner.
 */
import type { Link } from './link.ts';
import type { AnswerOf, WireChunk } from './protocol.ts';

/** `ahead`: the next chunk is asked for while one is read; `exact`: not before the one is used up. */
export type IterationPlan = 'ahead' | 'exact';

/** Entries of the first chunk, and of the largest; each is twice the one before. */
const CREDITS = { ahead: [64, 4096], exact: [16, 1024] } as const;

interface RangeParts<T> {
  readonly link: Link;
  readonly plan: IterationPlan;
  ask(credit: number): { readonly id: number; readonly answer: Promise<AnswerOf<'range'>> };
  read(entry: WireChunk['entries'][number]): T;
}

export class RemoteRange<T> implements AsyncIterable<T> {
  readonly #parts: RangeParts<T>;

  constructor(parts: RangeParts<T>) {
    this.#parts = parts;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    const { link, plan, ask, read } = this.#parts;
    let [credit, creditMax]: readonly [number, number] = CREDITS[plan];
    const { id, answer } = ask(credit);
    const next = (): Promise<WireChunk> => {
      credit = Math.min(2 * credit, creditMax);
      const chunk = link.call('next', { iteration: id, credit });
      // Who stops early does not wait for it.
      chunk.catch(() => undefined);
      return chunk;
    };
    let isDone = false;
    try {
      for (let asked = answer; !isDone; ) {
        const chunk = await asked;
        isDone = chunk.isDone;
        if (!isDone && plan === 'ahead') asked = next();
        for (const entry of chunk.entries) yield read(entry);
        if (!isDone && plan === 'exact') asked = next();
      }
    } finally {
      if (!isDone) link.tell('end', { target: id });
    }
  }
}
