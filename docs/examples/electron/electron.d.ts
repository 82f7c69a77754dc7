/**
 * What the example uses of Electron, so that it can be checked where Electron is not installed.
 * `npm run check:electron` checks it against the types of Electron itself.
 */
declare module 'electron' {
  import type { EventEmitter } from 'node:events';

  interface Cancellable {
    preventDefault(): void;
  }
  export interface App {
    whenReady(): Promise<void>;
    on(type: 'will-quit', listener: (event: Cancellable) => void): this;
    quit(): void;
    exit(code: number): void;
    getPath(name: 'userData'): string;
  }
  export interface MessagePortMain extends EventEmitter {
    postMessage(message: unknown, transfer?: MessagePortMain[]): void;
    start(): void;
    close(): void;
  }
  export interface ParentPort extends EventEmitter {
    on(type: 'message', listener: (event: { ports: MessagePortMain[] }) => void): this;
    postMessage(message: unknown): void;
  }
  interface WebContents {
    on(type: 'did-finish-load', listener: () => void): this;
    on(type: 'will-navigate', listener: (event: Cancellable) => void): this;
    postMessage(channel: string, message: unknown, transfer?: MessagePortMain[]): void;
  }
  export class BrowserWindow {
    constructor(options: { webPreferences: Readonly<Record<string, string | boolean>> });
    readonly webContents: WebContents;
    loadFile(path: string): Promise<void>;
  }
  export class MessageChannelMain {
    readonly port1: MessagePortMain;
    readonly port2: MessagePortMain;
  }
  export const app: App;
  export const ipcRenderer: {
    on(channel: string, listener: (event: { ports: unknown[] }) => void): void;
  };
}
