/**
 * How many entries and bytes each map holds, exactly. `bytes` is the size of the encoded keys and
 * values: what quotas count.
 *
 * A table may lie over another one: what a commit would change is gathered in a table of its own
 * and absorbed when the commit is accepted.
 */
export interface Usage {
  readonly count: number;
  readonly bytes: number;
}

const NOTHING: Usage = { count: 0, bytes: 0 };

export class UsageTable {
  readonly #beneath: UsageTable | undefined;
  #maps = new Map<number, Usage>();
  /** Somebody else has the same map: it is copied before it is changed. */
  #isShared = false;
  #totalBytes: number;

  constructor(beneath?: UsageTable) {
    this.#beneath = beneath;
    this.#totalBytes = beneath?.totalBytes ?? 0;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  of(map: number): Usage {
    return this.#maps.get(map) ?? this.#beneath?.of(map) ?? NOTHING;
  }

  /** A table that stays as this one is now. */
  copy(): UsageTable {
    const copy = new UsageTable(this.#beneath);
    copy.#maps = this.#maps;
    copy.#totalBytes = this.#totalBytes;
    copy.#isShared = this.#isShared = true;
    return copy;
  }

  set(map: number, usage: Usage): void {
    this.#own();
    this.#totalBytes += usage.bytes - this.of(map).bytes;
    this.#maps.set(map, usage);
  }

  add(map: number, change: Usage): void {
    const { count, bytes } = this.of(map);
    this.set(map, { count: count + change.count, bytes: bytes + change.bytes });
  }

  /** The maps that this table itself says something of. */
  get changed(): Iterable<number> {
    return this.#maps.keys();
  }

  /** Takes over what `above`, a table over this one, has changed. */
  absorb(above: UsageTable): void {
    this.#own();
    for (const [map, usage] of above.#maps) {
      if (usage.count === 0 && this.#beneath === undefined) this.#maps.delete(map);
      else this.#maps.set(map, usage);
    }
    this.#totalBytes = above.#totalBytes;
  }

  #own(): void {
    if (!this.#isShared) return;
    this.#maps = new Map(this.#maps);
    this.#isShared = false;
  }
}
