/** What the inspection of one file is asked for, and what it gives. */
import type { MapRegister } from './map-register.ts';
import type { Report } from './report-text.ts';

export interface InspectionOptions {
  /** Whether every frame of a WAL, or block of a snapshot, is listed. */
  readonly listsFrames: boolean;
  readonly listsBlocks: boolean;
  readonly listsOperations: boolean;
  /** Rows of a list, at most. */
  readonly limit: number;
  readonly maps: MapRegister;
}

export interface Inspection {
  readonly report: Report;
  readonly isDamaged: boolean;
}

/** The first rows of a list, and how many there are. */
export class Rows {
  readonly kept: Report[] = [];
  count = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(row: () => Report): void {
    if (this.count++ < this.#limit) this.kept.push(row());
  }

  /** The rows under `name`, and how many were left out, if any. */
  report(name: string): Report {
    const omitted = this.count - this.kept.length;
    return { [name]: this.kept, ...(omitted > 0 ? { [`${name}LeftOut`]: omitted } : {}) };
  }
}
