/** docs/examples/electron with objects of Node in the place of Electron's: it was not run in Electron. */
import { EventEmitter } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { Store } from 'onewal';
import { MemoryFileSystem } from 'onewal/memory';
import { expect, test } from 'vitest';
import { startApplication } from '../../docs/examples/electron/application.mjs';
import { usePort } from '../../docs/examples/electron/renderer.mjs';

/** A port as the main process of Electron has it: events have `data`, and only ports are handed over. */
class PortMain extends EventEmitter {
  readonly port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.port = port;
    port.on('close', () => this.emit('close'));
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    if (transfer.some((given) => !(given instanceof PortMain))) throw new TypeError('no port');
    this.port.postMessage(message);
  }

  start(): void {
    this.port.on('message', (data) => this.emit('message', { data, ports: [] }));
  }

  close(): void {
    this.port.close();
  }
}

class Channel {
  readonly port1: PortMain;
  readonly port2: PortMain;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = new PortMain(port1);
    this.port2 = new PortMain(port2);
  }
}

class WebContents extends EventEmitter {
  readonly sent: { readonly channel: string; readonly ports: readonly PortMain[] }[] = [];

  postMessage(channel: string, _: unknown, ports: readonly PortMain[]): void {
    this.sent.push({ channel, ports });
  }
}

class Window {
  static readonly all: Window[] = [];
  readonly webContents = new WebContents();
  readonly options: object;

  constructor(options: object) {
    this.options = options;
    Window.all.push(this);
  }

  async loadFile(path: string): Promise<void> {
    expect(path).toMatch(/index\.html$/);
    this.webContents.emit('did-finish-load');
  }
}

class App extends EventEmitter {
  quits = 0;

  async whenReady(): Promise<void> {}

  quit(): void {
    this.quits++;
  }
}

test('a page reads and counts, cannot write balances, and lets go when it is reloaded', async () => {
  const files = new MemoryFileSystem();
  const app = new App();
  const electron = { app, BrowserWindow: Window, MessageChannelMain: Channel };
  const store = await startApplication(electron as never, files);
  const { webContents, options } = Window.all[0] as Window;
  expect(options).toMatchObject({ webPreferences: { sandbox: true, contextIsolation: true } });
  const portOf = (load: number) => webContents.sent[load]?.ports[0]?.port as MessagePort;

  const refused = 'NOT_ALLOWED';
  expect(await usePort(portOf(0))).toEqual({ alice: 100n, visits: 1, refused });
  portOf(0).close();
  webContents.emit('did-finish-load');
  expect(await usePort(portOf(1))).toEqual({ alice: 100n, visits: 2, refused });
  expect(store.stats()).toMatchObject({ openViews: 0, openTransactions: 0 });

  const heldBack: string[] = [];
  app.emit('will-quit', { preventDefault: () => heldBack.push('once') });
  await new Promise((resolve) => portOf(1).on('close', () => resolve(undefined)));
  await store.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect([heldBack, app.quits]).toEqual([['once'], 1]);
  const again = await Store.open(files);
  expect(again.map('settings').get('visits')).toBe(2);
  await again.close();
});
