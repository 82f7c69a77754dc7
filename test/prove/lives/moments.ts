/** Every moment of a life at which a crash leaves something else than at the moment before. */
import { directoryAfter } from '../../../src/testing/crash-images.ts';
import type { FaultPlan, PortCall, SimulatedDisk } from '../../../src/testing/index.ts';
import type { Ledger, ToldThen } from './ledger.ts';

export interface Moment {
  /** In words, and the same in each run. */
  readonly place: string;
  readonly disk: SimulatedDisk;
  readonly told: ToldThen;
  /** The kill is inside a write: a power cut there is one before or behind it. */
  readonly isInside?: true;
}

const READING = new Set<PortCall['kind']>(['list', 'lock', 'release', 'free', 'read', 'size']);
/** A sync takes so long that an answer which does not wait for it comes first. */
export const SYNC_TURNS = 40;
/** Where in a write the process is killed: shares of its length. */
const CUTS = [0, 0.1, 0.5, 0.9] as const;

/** Takes moments from `start()` to `take()` on, before each call that the disk is asked for. */
export class MomentRecorder {
  readonly moments: Moment[] = [];
  readonly #disk: SimulatedDisk;
  readonly #ledger: Ledger;
  #isTaking = false;
  #isChanged = true;
  #write: WatchedWrite | undefined;

  constructor(disk: SimulatedDisk, ledger: Ledger) {
    this.#disk = disk;
    this.#ledger = ledger;
  }

  /** For `onCall`, with the faults that the disk is to have. */
  watch(faults: FaultPlan = () => undefined): FaultPlan {
    return (call) => {
      this.#before(call);
      return faults(call);
    };
  }

  start(): void {
    this.#isTaking = true;
    this.#isChanged = true;
    this.#write = undefined;
  }

  stop(): void {
    this.#isTaking = false;
  }

  /** While moments are taken: one more, before the disk is called again. */
  takeIfStarted(place: string): void {
    if (this.#isTaking) this.take(place);
  }

  /** Where no call is made: behind an answer, at the end. */
  take(place: string): void {
    this.#takeCuts();
    const disk = this.#disk.clone();
    this.moments.push({ place, disk, told: this.#ledger.snapshot() });
  }

  #before(call: PortCall): void {
    if (!this.#isTaking) return;
    const place = `call ${call.index}, ${call.kind} ${call.file ?? ''}`.trim();
    if (this.#isChanged) this.take(`before ${place}`);
    this.#isChanged = !READING.has(call.kind);
    if (call.kind !== 'write' || call.file === undefined) return;
    const start = this.#sizeOf(call.file);
    this.#write = { file: call.file, start, place, told: this.#ledger.snapshot() };
  }

  /** A kill inside the write before: files are only ever appended to. */
  #takeCuts(): void {
    const write = this.#write;
    this.#write = undefined;
    if (write === undefined) return;
    const { file, start, told } = write;
    const size = this.#sizeOf(file) - start;
    const bytes = size > 0 ? this.#disk.readFile(file) : new Uint8Array();
    for (const count of new Set(CUTS.map((share) => Math.max(1, Math.floor(size * share))))) {
      if (count >= size) continue;
      const disk = this.#disk.afterKill();
      disk.writeFile(file, bytes.slice(0, start + count));
      const place = `inside ${write.place}, behind ${count} of ${size} bytes`;
      this.moments.push({ place, disk, told, isInside: true });
    }
  }

  #sizeOf(name: string): number {
    const { crashState } = this.#disk;
    return directoryAfter(crashState, crashState.operations).get(name)?.live.size ?? 0;
  }
}

interface WatchedWrite {
  readonly file: string;
  /** The size of the file before. */
  readonly start: number;
  readonly place: string;
  readonly told: ToldThen;
}
