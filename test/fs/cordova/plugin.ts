/**
 * The JavaScript of cordova-plugin-file over a device: what stands in an app's page once
 * `deviceready` has come. One write at a time for each writer, whose `position` and `length` are its
 * own; errors are objects with a number, on the platform `browser` a DOMException.
 */
import { type Device, FileErrors, NativeError } from './device.ts';

type Success<T> = (value: T) => void;
type Failure = (error: unknown) => void;

const PERSISTENT = 1;
const ENTRIES_AT_ONCE = 100;

class FileError {
  readonly code: number;

  constructor(code: number) {
    this.code = code;
  }
}

const NAMES: { readonly [number: number]: string } = {
  [FileErrors.NOT_FOUND]: 'NotFoundError',
  [FileErrors.ENCODING]: 'EncodingError',
  [FileErrors.INVALID_STATE]: 'InvalidStateError',
  [FileErrors.INVALID_MODIFICATION]: 'InvalidModificationError',
  [FileErrors.QUOTA_EXCEEDED]: 'QuotaExceededError',
  [FileErrors.TYPE_MISMATCH]: 'TypeMismatchError',
  // As Chromium calls it.
  [FileErrors.PATH_EXISTS]: 'InvalidModificationError',
};

function asThrown(device: Device, error: unknown): unknown {
  if (!(error instanceof NativeError)) return error;
  if (device.platform !== 'browser') return new FileError(error.number);
  return new DOMException('', NAMES[error.number]);
}

function answer<T>(device: Device, asked: Promise<T>, callbacks: [Success<T>, Failure]): void {
  asked.then(callbacks[0], (error: unknown) => callbacks[1](asThrown(device, error)));
}

class FakeFile {
  readonly device: Device;
  readonly path: string;
  readonly start: number;
  readonly end: number;

  constructor(device: Device, path: string, range: readonly [number, number]) {
    this.device = device;
    this.path = path;
    [this.start, this.end] = range;
  }

  get size(): number {
    return this.end - this.start;
  }

  slice(start: number, end: number): FakeFile {
    const within = (offset: number) => Math.min(this.start + offset, this.end);
    return new FakeFile(this.device, this.path, [within(start), within(end)]);
  }
}

class FakeFileReader {
  result: ArrayBuffer | null = null;
  error: unknown = null;
  onloadend: (() => void) | null = null;

  readAsArrayBuffer({ device, path, start, end }: FakeFile): void {
    device
      .run({ action: 'read', path, byteCount: end - start }, () => device.read(path, start, end))
      .then(
        (bytes) => {
          this.result = bytes.buffer as ArrayBuffer;
        },
        (error: unknown) => {
          this.error = asThrown(device, error);
        },
      )
      .then(() => this.onloadend?.());
  }
}

class FakeFileWriter {
  readonly #device: Device;
  readonly #path: string;
  length: number;
  position = 0;
  error: unknown = null;
  onwriteend: (() => void) | null = null;
  #isWriting = false;

  constructor(device: Device, path: string, length: number) {
    this.#device = device;
    this.#path = path;
    this.length = length;
  }

  seek(offset: number): void {
    this.#checkIdle();
    this.position = Math.min(offset, this.length);
  }

  write(parcel: unknown): void {
    this.#checkIdle();
    const { position } = this;
    this.#start(async () => {
      const bytes = await this.#unpack(parcel);
      const call = { action: 'write', path: this.#path, byteCount: bytes.length } as const;
      const count = await this.#device.run(call, (device) => {
        return device.write(this.#path, bytes, position);
      });
      this.position += count;
      this.length =
        this.#device.platform === 'browser' ? Math.max(this.length, this.position) : this.position;
    });
  }

  truncate(size: number): void {
    this.#checkIdle();
    this.#start(async () => {
      const call = { action: 'truncate', path: this.#path } as const;
      this.length = await this.#device.run(call, (device) => device.truncate(this.#path, size));
      this.position = Math.min(this.position, this.length);
    });
  }

  #start(work: () => Promise<void>): void {
    this.#isWriting = true;
    this.error = null;
    work()
      .catch((error: unknown) => {
        this.error = asThrown(this.#device, error);
      })
      .then(() => {
        this.#isWriting = false;
        this.onwriteend?.();
      });
  }

  /** The bridge carries array buffers and text; anything else arrives as text. */
  async #unpack(parcel: unknown): Promise<Uint8Array> {
    if (parcel instanceof Blob) return new Uint8Array(await parcel.arrayBuffer());
    if (this.#device.platform === 'browser') throw new TypeError('parameter 1 is not a Blob');
    if (parcel instanceof ArrayBuffer) return new Uint8Array(parcel.slice(0));
    return new TextEncoder().encode(JSON.stringify(parcel));
  }

  #checkIdle(): void {
    if (this.#isWriting) {
      throw asThrown(this.#device, new NativeError(FileErrors.INVALID_STATE));
    }
  }
}

abstract class FakeEntry {
  readonly device: Device;
  readonly path: string;
  abstract readonly isFile: boolean;

  constructor(device: Device, path: string) {
    this.device = device;
    this.path = path;
  }

  get isDirectory(): boolean {
    return !this.isFile;
  }

  get name(): string {
    return this.path.slice(this.path.lastIndexOf('/') + 1);
  }

  toURL(): string {
    return `${ROOT}${this.path.slice(1)}${this.isDirectory && this.path !== '' ? '/' : ''}`;
  }

  remove(success: () => void, failure: Failure): void {
    const { device, path } = this;
    const asked = device.run({ action: 'remove', path }, () => device.remove(path));
    answer(device, asked, [success, failure]);
  }
}

class FakeFileEntry extends FakeEntry {
  readonly isFile = true;

  createWriter(success: Success<FakeFileWriter>, failure: Failure): void {
    this.file(({ size }) => success(new FakeFileWriter(this.device, this.path, size)), failure);
  }

  file(success: Success<FakeFile>, failure: Failure): void {
    const { device, path } = this;
    const asked = device.run({ action: 'getFileMetadata', path }, () => device.sizeOf(path));
    answer(
      device,
      asked.then((size) => new FakeFile(device, path, [0, size])),
      [success, failure],
    );
  }
}

interface Flags {
  readonly create: boolean;
  readonly exclusive?: boolean;
}

export class FakeDirectoryEntry extends FakeEntry {
  readonly isFile = false;

  getDirectory(
    name: string,
    flags: Flags,
    success: Success<FakeDirectoryEntry>,
    failure: Failure,
  ): void {
    const { device } = this;
    const path = `${this.path}/${name}`;
    const asked = device.run({ action: 'getDirectory', path }, () => {
      device.makeDirectory(path, flags);
      return new FakeDirectoryEntry(device, path);
    });
    answer(device, asked, [success, failure]);
  }

  getFile(name: string, flags: Flags, success: Success<FakeFileEntry>, failure: Failure): void {
    const { device } = this;
    const path = `${this.path}/${name}`;
    const asked = device.run({ action: 'getFile', path }, () => {
      device.makeFile(path, flags);
      return new FakeFileEntry(device, path);
    });
    answer(device, asked, [success, failure]);
  }

  createReader() {
    const { device, path } = this;
    let rest: FakeEntry[] | undefined;
    const readAll = () =>
      device.entries(path).map(({ name, isFile }) => {
        const Entry = isFile ? FakeFileEntry : FakeDirectoryEntry;
        return new Entry(device, `${path}/${name}`);
      });
    return {
      readEntries(success: Success<FakeEntry[]>, failure: Failure): void {
        const asked = device.run({ action: 'readEntries', path }, () => {
          rest ??= readAll();
          return rest.splice(0, device.platform === 'browser' ? ENTRIES_AT_ONCE : Infinity);
        });
        answer(device, asked, [success, failure]);
      },
    };
  }
}

const ROOT = 'file:///data/files/';

/** What the plugin adds to a page, for this device. */
function pageOf(device: Device): { readonly [name: string]: unknown } {
  const root = new FakeDirectoryEntry(device, '');
  return {
    cordova: { platformId: device.platform, file: { dataDirectory: ROOT } },
    FileReader: FakeFileReader,
    ...(device.platform === 'browser' ? { webkitRequestFileSystem: () => undefined } : {}),
    resolveLocalFileSystemURL(
      url: string,
      success: Success<FakeDirectoryEntry>,
      failure: Failure,
    ): void {
      const path = `${url}/`.replace(ROOT, '/').replace(/\/+$/, '');
      const asked = device.run({ action: 'resolve', path }, () => {
        if (!`${url}/`.startsWith(ROOT)) throw new NativeError(FileErrors.ENCODING);
        device.entries(path);
        return path === '' ? root : new FakeDirectoryEntry(device, path);
      });
      answer(device, asked, [success, failure]);
    },
    requestFileSystem(
      kind: number,
      size: number,
      success: Success<unknown>,
      failure: Failure,
    ): void {
      const asked = device.run({ action: 'requestFileSystem', path: '' }, () => {
        if (kind !== PERSISTENT) throw new NativeError(FileErrors.NOT_FOUND);
        device.checkRoom(size);
        return { root };
      });
      answer(device, asked, [success, failure]);
    },
  };
}

/** From now on this process is a page of an app on the device. Returns what ends that. */
export function enterPage(device: Device): () => void {
  const names = Object.entries({ webkitRequestFileSystem: undefined, ...pageOf(device) });
  const before = names.map(([name]) => Object.getOwnPropertyDescriptor(globalThis, name));
  for (const [name, value] of names) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [index, [name]] of names.entries()) {
      const descriptor = before[index];
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  };
}

/** A reload leaves nothing of a page: no lock of it, either. */
export function forgetPage(): void {
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    if (symbol.description?.startsWith('onewal: ')) Reflect.deleteProperty(globalThis, symbol);
  }
}
