import { afterAll, beforeAll, describe } from 'vitest';
import { checksumReady } from '../../../src/bytes/checksum.ts';
import { CordovaFileSystem } from '../../../src/fs/cordova.ts';
import { eventContract } from '../../contract/events.ts';
import { testFileSystem } from '../../contract/file-system.ts';
import { outcomeContract } from '../../contract/outcomes.ts';
import { storeContract } from '../../contract/store.ts';
import { transactionContract } from '../../contract/transactions.ts';
import { viewContract } from '../../contract/views.ts';
import { Device } from './device.ts';
import { enterPage } from './plugin.ts';

let count = 0;
const make = () => new CordovaFileSystem(`stores/${count++}`);
let leavePage: () => void;

beforeAll(() => checksumReady);
afterAll(() => leavePage());

describe.each(['android', 'ios', 'browser'] as const)('the files of Cordova on %s', (platform) => {
  beforeAll(() => {
    leavePage = enterPage(new Device({ platform }));
  });

  testFileSystem({ make, host: 'poor' });
});

describe('on Android', () => {
  beforeAll(() => {
    leavePage = enterPage(new Device());
  });

  for (const contract of [
    storeContract,
    viewContract,
    transactionContract,
    outcomeContract,
    eventContract,
  ]) {
    contract({ name: 'the files of Cordova', make, canBlock: false });
  }
});
