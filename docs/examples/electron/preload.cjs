// @ts-check
/** The preload of a sandboxed, isolated page: it hands on the port, and gives the page nothing else. */
const { ipcRenderer } = require('electron');

ipcRenderer.on('onewal', (event) => {
  const page =
    /** @type {{ postMessage(message: string, origin: string, ports: unknown[]): void }} */ (
      /** @type {unknown} */ (globalThis)
    );
  page.postMessage('onewal', '*', event.ports);
});
