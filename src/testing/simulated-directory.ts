/** The names on the simulated disk: those in use, the durable ones, and the way between them. */
import { errnoError } from '../fs/errno.ts';
import type { CrashState, NameOperation } from './crash-images.ts';
import { SimulatedInode } from './simulated-inode.ts';

export class SimulatedDirectory {
  readonly #names = new Map<string, SimulatedInode>();
  #durableNames = new Map<string, SimulatedInode>();
  /** Since the last sync, in order. */
  #operations: NameOperation[] = [];
  /** Removed while open: they take space until they are closed. */
  readonly #nameless = new Set<SimulatedInode>();

  get files(): ReadonlyMap<string, SimulatedInode> {
    return this.#names;
  }

  get crashState(): CrashState {
    return { durableNames: this.#durableNames, operations: this.#operations };
  }

  get pendingSectorCount(): number {
    const inodes = new Set([...this.#names.values(), ...this.#durableNames.values()]);
    return [...inodes].reduce((sum, inode) => sum + inode.differingSectors().size, 0);
  }

  /** Bytes in all files that exist, with a name or only open. */
  get usedByteCount(): number {
    let used = 0;
    for (const inode of this.#names.values()) used += inode.live.size;
    for (const inode of this.#nameless) if (inode.openCount > 0) used += inode.live.size;
    return used;
  }

  find(name: string): SimulatedInode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw errnoError('ENOENT', `no such file: ${name}`);
    return inode;
  }

  create(name: string): SimulatedInode {
    if (this.#names.has(name)) throw errnoError('EEXIST', `file exists: ${name}`);
    const inode = new SimulatedInode();
    this.#names.set(name, inode);
    this.#operations.push({ name, inode });
    return inode;
  }

  remove(name: string): void {
    const inode = this.#names.get(name);
    if (inode === undefined) return;
    this.#names.delete(name);
    this.#operations.push({ name });
    for (const other of this.#nameless) if (other.openCount === 0) this.#nameless.delete(other);
    this.#nameless.add(inode);
  }

  sync(): void {
    this.#durableNames = new Map(this.#names);
    this.#operations = [];
  }

  /** Puts a file there as if its name had always been durable. */
  adopt(name: string, inode: SimulatedInode): void {
    this.#operations = this.#operations.filter((operation) => operation.name !== name);
    this.#names.set(name, inode);
    this.#durableNames.set(name, inode);
  }

  clone(): SimulatedDirectory {
    const clones = new Map<SimulatedInode, SimulatedInode>();
    const cloneOf = (inode: SimulatedInode) => {
      const clone = clones.get(inode) ?? inode.clone();
      clones.set(inode, clone);
      return clone;
    };
    const directory = new SimulatedDirectory();
    for (const [name, inode] of this.#names) directory.#names.set(name, cloneOf(inode));
    for (const [name, inode] of this.#durableNames) {
      directory.#durableNames.set(name, cloneOf(inode));
    }
    directory.#operations = this.#operations.map(({ name, inode }) =>
      inode === undefined ? { name } : { name, inode: cloneOf(inode) },
    );
    return directory;
  }
}
