// @ts-check
/** The limit that no engine over OPFS passes: a write and a flush, at the end of a file. */

/** A frame of a commit of one entry, about. */
const FRAME_SIZE = 256;

export class BareFile {
  /** @param {any} handle */
  constructor(handle) {
    this.handle = handle;
    this.frame = new Uint8Array(FRAME_SIZE).fill(1);
    this.size = 0;
  }

  /** @param {string} name */
  static async make(name) {
    const { storage } = /** @type {any} */ (globalThis).navigator;
    const root = await storage.getDirectory();
    const file = await root.getFileHandle(name, { create: true });
    return new BareFile(await file.createSyncAccessHandle());
  }

  append() {
    this.handle.write(this.frame, { at: this.size });
    this.handle.flush();
    this.size += FRAME_SIZE;
  }

  close() {
    this.handle.close();
  }
}
