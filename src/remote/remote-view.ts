/** A frozen state over all maps of a store that is elsewhere. */
import { UsageError } from '../errors.ts';
import type { Link } from './link.ts';
import type { RemoteMap } from './remote-map.ts';
import { type Place, RemoteMapReads, type RemoteReads } from './remote-reads.ts';

/** As `View`. Release it: what has changed since stays in the memory of the owner for it. */
export class RemoteView {
  /** Of the last commit that it shows. */
  readonly sequence: number;
  readonly #link: Link;
  readonly #handle: number;
  readonly #place: Place;
  #isReleased = false;

  /** For the store: use `RemoteStore.view`. */
  constructor(link: Link, made: { readonly handle: number; readonly sequence: number }) {
    this.#link = link;
    this.#handle = made.handle;
    this.sequence = made.sequence;
    this.#place = {
      at: () => {
        this.#requireOpen();
        return this.#handle;
      },
      plan: 'ahead',
    };
  }

  /** Throws INVALID_ARGUMENT for a map of another store. */
  map<K, V>(map: RemoteMap<K, V>): RemoteReads<K, V> {
    this.#requireOpen();
    return new RemoteMapReads(this.#link, map.codecsIn(this.#link), this.#place);
  }

  /** Ends the view. Safe to call twice. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#link.tell('end', { target: this.#handle });
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #requireOpen(): void {
    if (!this.#isReleased) return;
    throw new UsageError('VIEW_RELEASED', 'the view was released: take a new one');
  }
}
