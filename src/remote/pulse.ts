/**
 * Whether the other side of a port is still there, where the host does not tell: who says nothing
 * for four ticks in a row is gone. A host that slept has slept for one tick.
 */
import type { Environment } from '../store/environment.ts';

const TICK_COUNT = 4;

export class Pulse {
  #stop: () => void = () => undefined;
  #silentTicks = 0;
  #isStopped = false;

  /** `silence`: in milliseconds; 0 for a pulse that is never taken. */
  constructor(parts: {
    readonly silence: number;
    readonly timer: Environment['timer'];
    onTick(): void;
    onSilence(): void;
  }) {
    const { silence, timer } = parts;
    if (silence === 0) return;
    const next = (): void => {
      if (this.#isStopped) return;
      this.#stop = timer(Math.ceil(silence / TICK_COUNT), () => {
        if (this.#silentTicks++ >= TICK_COUNT) parts.onSilence();
        else parts.onTick();
        next();
      });
    };
    next();
  }

  heard(): void {
    this.#silentTicks = 0;
  }

  stop(): void {
    this.#isStopped = true;
    this.#stop();
  }
}
