// @ts-check
/** The main process: nothing but Electron's objects, handed to what can be tried without Electron. */
import { join } from 'node:path';
import { app, BrowserWindow, MessageChannelMain } from 'electron';
import { startApplication } from './application.mjs';

startApplication(
  { app, BrowserWindow, MessageChannelMain },
  join(app.getPath('userData'), 'wallet'),
).catch((error) => {
  console.error(error);
  app.exit(1);
});
