/** A file of Cordova's plugin, and what is open of it. */
import { blobOf, bytesOf, cutFile, openWriter, writeBytes } from './cordova-calls.ts';
import { cordovaPlatform, type PluginFileEntry, type PluginWriter } from './cordova-page.ts';
import { errnoError } from './errno.ts';
import { FileAccess } from './file-access.ts';
import type { File } from './file-system.ts';
import { FlushedContent, type FlushStep } from './flushed-content.ts';

/** In one call: larger ones crash the bridge of Android. */
const CALL_SIZE = 256 << 10;

/** One file of the directory, in memory as a whole as long as it is open or not written out. */
export class KeptFile {
  readonly #entry: PluginFileEntry;
  readonly #content: Promise<FlushedContent>;
  #writer: PluginWriter | undefined;
  /** The plugin runs calls side by side: those for one file must wait for each other. */
  #lastCall: Promise<unknown> = Promise.resolve();
  #openCount = 0;
  #isRemoved = false;
  /** Called when nothing needs what is in memory any more. */
  onIdle: () => void = () => undefined;

  private constructor(entry: PluginFileEntry, content: Promise<FlushedContent>) {
    this.#entry = entry;
    this.#content = content;
  }

  static created(entry: PluginFileEntry): KeptFile {
    return new KeptFile(entry, Promise.resolve(new FlushedContent()));
  }

  static found(entry: PluginFileEntry): KeptFile {
    return new KeptFile(entry, readFile(entry));
  }

  async open(mode: 'read' | 'create'): Promise<File> {
    this.#openCount += 1;
    try {
      return new CordovaFile(this, await this.#content, mode);
    } catch (error) {
      this.#openCount -= 1;
      this.onIdle();
      throw error;
    }
  }

  close(content: FlushedContent): void {
    this.#openCount -= 1;
    this.#tellIfIdle(content);
  }

  sync(): Promise<void> {
    return this.#inTurn(async () => {
      const content = await this.#content;
      if (!this.#isRemoved && !content.isClean) await this.#flush(content);
      this.#tellIfIdle(content);
    });
  }

  /** `remove` is called when no write is under way, and none comes after it. */
  remove(remove: () => Promise<void>): Promise<void> {
    this.#isRemoved = true;
    return this.#inTurn(remove).catch((error: unknown) => {
      this.#isRemoved = false;
      throw error;
    });
  }

  /** Resolves when the plugin has ended what it was asked for. */
  async settled(): Promise<void> {
    await this.#lastCall;
  }

  #tellIfIdle(content: FlushedContent): void {
    if (this.#openCount === 0 && content.isClean) this.onIdle();
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.#lastCall.then(call);
    this.#lastCall = turn.catch(() => undefined);
    return turn;
  }

  async #flush(content: FlushedContent): Promise<void> {
    try {
      this.#writer ??= await this.#openWriter(content);
      let step = content.nextStep(CALL_SIZE);
      let size = 0;
      while (step !== undefined) {
        size = await takeStep(this.#writer, step);
        content.done(step);
        step = content.nextStep(CALL_SIZE);
      }
      // Its writes are not synced there, and its cuts are.
      if (cordovaPlatform() === 'ios') await cutFile(this.#writer, size);
    } catch (error) {
      // Who writes next looks how far this one came.
      this.#writer = undefined;
      content.failed();
      throw error;
    }
  }

  async #openWriter(content: FlushedContent): Promise<PluginWriter> {
    const writer = await openWriter(this.#entry);
    content.expectHostSize(writer.length);
    return writer;
  }
}

class CordovaFile implements File {
  readonly #file: KeptFile;
  readonly #content: FlushedContent;
  readonly #access: FileAccess;

  constructor(file: KeptFile, content: FlushedContent, mode: 'read' | 'create') {
    this.#file = file;
    this.#content = content;
    this.#access = new FileAccess(mode);
  }

  read(target: Uint8Array, offset: number): number {
    this.#access.checkReadable();
    return this.#content.read(target, offset);
  }

  write(source: Uint8Array, offset: number): number {
    this.#access.checkWritable();
    if (offset !== this.#content.size) {
      throw errnoError('EINVAL', `${offset} is not the end of the file`);
    }
    this.#content.append(source);
    return source.length;
  }

  truncate(size: number): void {
    this.#access.checkWritable();
    if (size > this.#content.size) throw errnoError('EINVAL', 'a cut does not grow a file');
    this.#content.truncate(size);
  }

  size(): number {
    this.#access.checkReadable();
    return this.#content.size;
  }

  async sync(): Promise<void> {
    this.#access.checkReadable();
    await this.#file.sync();
  }

  close(): void {
    if (!this.#access.isOpen) return;
    this.#access.end();
    this.#file.close(this.#content);
  }
}

/** Returns the size of the file. Throws EIO where the plugin has done something else. */
async function takeStep(writer: PluginWriter, step: FlushStep): Promise<number> {
  if (step.kind === 'cut') {
    await cutFile(writer, step.size);
    checkPlace(writer.length, step.size, 'a cut');
    return step.size;
  }
  const { bytes, offset } = step;
  writer.seek(offset);
  checkPlace(writer.position, offset, 'a seek');
  await writeBytes(writer, bytes);
  checkPlace(writer.position, offset + bytes.length, 'a write');
  return offset + bytes.length;
}

function checkPlace(found: number, expected: number, action: string): void {
  if (found === expected) return;
  throw errnoError('EIO', `${action} of cordova-plugin-file came to ${found}, not to ${expected}`);
}

/** In pieces, as the plugin copies what it has so far with every 256 KiB that it reads. */
async function readFile(entry: PluginFileEntry): Promise<FlushedContent> {
  const blob = await blobOf(entry);
  const content = new Uint8Array(blob.size);
  for (let offset = 0; offset < blob.size; offset += CALL_SIZE) {
    const end = Math.min(offset + CALL_SIZE, blob.size);
    const bytes = await bytesOf(blob.slice(offset, end));
    if (bytes.length !== end - offset) throw errnoError('EIO', `a short read of ${entry.name}`);
    content.set(bytes, offset);
  }
  return new FlushedContent(content);
}
