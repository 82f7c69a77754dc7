/**
 * The shapes in which hosts give one end of a channel, made one: MessagePort of the web and of Node,
 * workers on either side, Electron's MessagePortMain, utility process and parent port, and the IPC
 * channel of a child process, which others may use too.
 */
import { invalid } from '../options.ts';

/** `MessagePort`, `Worker`, the global scope of a worker. */
export interface WebPort {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: unknown) => void): void;
  removeEventListener(type: string, listener: (event: unknown) => void): void;
  start?(): void;
  close?(): void;
}

/** `Worker` of Node, `MessagePortMain`, `UtilityProcess` and `ParentPort` of Electron. */
export interface EmitterPort {
  postMessage(message: unknown): void;
  on(type: string, listener: (value: unknown) => void): unknown;
  removeListener(type: string, listener: (value: unknown) => void): unknown;
  start?(): void;
  close?(): void;
}

/** `process` in a child, and the child in its parent. Needs `serialization: 'advanced'`. */
export interface ProcessPort {
  // Absent where there is no channel, as in a process that nobody forked.
  send?: ((message: never, ...rest: never[]) => boolean) | undefined;
  on(type: string, listener: (value: unknown) => void): unknown;
  removeListener(type: string, listener: (value: unknown) => void): unknown;
  readonly connected: boolean;
}

export type PortLike = WebPort | EmitterPort | ProcessPort;

/** One end of a channel, in use. */
export interface Channel {
  /** Takes the bytes over. After the end of the channel it does nothing. */
  send(bytes: Uint8Array): void;
  /** Lets go of the port; one that is nothing but a port is closed. */
  close(): void;
}

export interface ChannelListener {
  /** Undefined: what came is no byte string that is ours alone. */
  onMessage(bytes: Uint8Array | undefined): void;
  /** The other end is gone, as far as the host tells. */
  onClose(): void;
}

const CLOSE_EVENTS = ['close', 'exit', 'disconnect'] as const;
/** Below it is cheaper to copy than to hand over. */
const TRANSFER_SIZE_MIN = 16 << 10;

/** Throws INVALID_ARGUMENT for what has none of the shapes. */
export function openChannel(port: PortLike, listener: ChannelListener): Channel {
  if (hasMethods(port, 'postMessage', 'addEventListener'))
    return webChannel(port as WebPort, listener);
  if (hasMethods(port, 'postMessage', 'on')) return emitterChannel(port as EmitterPort, listener);
  if (hasMethods(port, 'send', 'on')) return processChannel(port as ProcessPort, listener);
  throw invalid('a port has postMessage and events, or is a process with an IPC channel');
}

function webChannel(port: WebPort, listener: ChannelListener): Channel {
  const onMessage = (event: unknown): void =>
    listener.onMessage(ownedBytes((event as { readonly data?: unknown }).data));
  const onUnreadable = (): void => listener.onMessage(undefined);
  const onClose = (): void => listener.onClose();
  port.addEventListener('message', onMessage);
  port.addEventListener('messageerror', onUnreadable);
  port.addEventListener('close', onClose);
  port.start?.();
  return {
    send: (bytes) => {
      const buffer = bytes.buffer as ArrayBuffer;
      port.postMessage(bytes, bytes.length < TRANSFER_SIZE_MIN ? [] : [buffer]);
    },
    close: () => {
      port.removeEventListener('message', onMessage);
      port.removeEventListener('messageerror', onUnreadable);
      port.removeEventListener('close', onClose);
      closeIfOnlyPort(port);
    },
  };
}

function emitterChannel(port: EmitterPort, listener: ChannelListener): Channel {
  // Electron's ports give an event, where Node's workers and utility processes give the message.
  const onMessage = (value: unknown): void =>
    listener.onMessage(ownedBytes(value) ?? ownedBytes(ownProperty(value, 'data')));
  const stop = listen(port, onMessage, () => listener.onClose());
  port.start?.();
  return {
    send: (bytes) => port.postMessage(bytes),
    close: () => {
      stop();
      closeIfOnlyPort(port);
    },
  };
}

function processChannel(port: ProcessPort, listener: ChannelListener): Channel {
  const onMessage = (value: unknown): void => {
    const message = ownProperty(value, 'onewal');
    if (message !== undefined) listener.onMessage(ownedBytes(message));
  };
  const stop = listen(port, onMessage, () => listener.onClose());
  const send = port.send as unknown as (
    message: unknown,
    handle: undefined,
    options: object,
    done: () => void,
  ) => void;
  return {
    // Without the callback a channel that has just gone would be an 'error' of the process.
    send: (bytes) => {
      if (port.connected) send.call(port, { onewal: bytes }, undefined, {}, () => undefined);
    },
    close: stop,
  };
}

function listen(
  port: Pick<EmitterPort, 'on' | 'removeListener'>,
  onMessage: (value: unknown) => void,
  onClose: () => void,
): () => void {
  port.on('message', onMessage);
  for (const type of CLOSE_EVENTS) port.on(type, onClose);
  return () => {
    port.removeListener('message', onMessage);
    for (const type of CLOSE_EVENTS) port.removeListener(type, onClose);
  };
}

/** `close` of a worker's global scope ends the worker; only ports have a `start` beside it. */
function closeIfOnlyPort(port: WebPort | EmitterPort): void {
  if (hasMethods(port, 'start', 'close')) port.close?.();
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && names.every((name) => typeof (value as never)[name] === 'function');
}

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;
const bufferSize = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get as (
  this: unknown,
) => number;

/**
 * `message` if it is a Uint8Array, of any realm, whose memory nobody else can change: a shared buffer
 * could say one thing when it is checked and another when it is used.
 */
function ownedBytes(message: unknown): Uint8Array | undefined {
  try {
    if (typedArrayName.call(message) !== 'Uint8Array') return undefined;
    const { buffer, byteOffset, length } = message as Uint8Array;
    bufferSize.call(buffer);
    return new Uint8Array(buffer, byteOffset, length);
  } catch {
    return undefined;
  }
}

/** Without calling anything that the value may have brought. */
function ownProperty(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Object.getOwnPropertyDescriptor(value, name)?.value;
  } catch {
    return undefined;
  }
}
