/** A tab that is not the owner looks for the one who is, until it has a port to it. */
import type { Environment } from '../store/environment.ts';
import type { Link } from './link.ts';
import { PairPort, type TabChannel } from './pair-port.ts';
import { portClosed } from './refusal.ts';
import { pairName, type TabNote } from './tab-notes.ts';

/** Somebody whose turn it is answers at once: who has not by then is not there, most likely. */
const FIRST_TICK_MS = 250;
const TICK_COUNT = 4;

interface SeekerParts {
  readonly name: string;
  readonly tab: string;
  readonly link: Link;
  readonly silence: number;
  readonly timer: Environment['timer'];
  channel(name: string): TabChannel;
  uniqueName(): string;
  post(note: TabNote): void;
  onConnected(): void;
  /** Nobody has answered for so many ticks. */
  onSilence(ticks: number): void;
}

export class Seeker {
  readonly #parts: SeekerParts;
  #state: 'resting' | 'knocking' | 'calling' = 'resting';
  #pair = '';
  /** Who serves this tab, or is about to. */
  #owner: string | undefined;
  /** Who has last said to be the owner: another one has not heard yet that it is none any more. */
  #announced: string | undefined;
  #silentTicks = 0;
  #stopTimer: () => void = () => undefined;

  constructor(parts: SeekerParts) {
    this.#parts = parts;
  }

  /** Begins, or begins anew. */
  seek(): void {
    const hasFailed = this.#state === 'calling';
    this.stop();
    this.#state = 'knocking';
    this.#pair = this.#parts.uniqueName();
    // Who was refused knocks again at the next tick, not at once.
    if (!hasFailed) this.#knock();
    this.#tick(FIRST_TICK_MS);
  }

  stop(): void {
    this.#stopTimer();
    this.#state = 'resting';
    this.#owner = undefined;
    this.#silentTicks = 0;
  }

  /** Where the tab was asleep, it has missed who is the owner. */
  forget(): void {
    this.#announced = undefined;
  }

  hear(note: TabNote): void {
    if (note.type === 'wait') this.#silentTicks = 0;
    else if (note.type === 'ready') this.#call(note);
    else if (note.type === 'owner') this.#turnTo(note.owner);
    else if (note.type === 'gone') this.#turnFrom(note.owner);
  }

  #call({ pair, owner }: TabNote & { readonly type: 'ready' }): void {
    const { link, name, silence, timer, channel, onConnected } = this.#parts;
    if (this.#state !== 'knocking' || pair !== this.#pair) return;
    if (this.#announced !== undefined && this.#announced !== owner) return;
    this.#stopTimer();
    this.#state = 'calling';
    this.#owner = owner;
    const port = new PairPort({
      channel: channel(pairName(name, { pair, owner })),
      silence,
      timer,
    });
    link.attach(port).then(
      () => {
        if (this.#owner !== owner) return;
        this.#state = 'resting';
        onConnected();
      },
      () => undefined, // The link says that it was cut.
    );
  }

  #turnTo(owner: string): void {
    this.#announced = owner;
    this.#silentTicks = 0;
    if (this.#state === 'knocking') this.#knock();
    else if (this.#owner !== undefined && this.#owner !== owner) this.#leave();
  }

  #turnFrom(owner: string): void {
    if (this.#announced === owner) this.#announced = undefined;
    if (this.#owner === owner) this.#leave();
  }

  #leave(): void {
    this.#state = 'resting';
    this.#parts.link.cut(portClosed('the tab that had the store open has given it up'));
  }

  #knock(): void {
    const { tab, post } = this.#parts;
    post({ type: 'knock', tab, pair: this.#pair });
  }

  #tick(duration: number): void {
    const { silence, timer, onSilence } = this.#parts;
    this.#stopTimer = timer(duration, () => {
      if (this.#state !== 'knocking') return;
      this.#silentTicks++;
      this.#tick(Math.ceil(silence / TICK_COUNT));
      this.#knock();
      onSilence(this.#silentTicks);
    });
  }
}
