/** What a test may ask of a page or of its worker. */
import { OpfsFileSystem } from '../../../src/fs/opfs.ts';
import { eventContract } from '../../contract/events.ts';
import { testFileSystem } from '../../contract/file-system.ts';
import { outcomeContract } from '../../contract/outcomes.ts';
import { type StoreHost, storeContract } from '../../contract/store.ts';
import { transactionContract } from '../../contract/transactions.ts';
import { viewContract } from '../../contract/views.ts';
import { runTests, type TestOutcome } from './run-tests.ts';
import { describe } from './vitest.ts';

let count = 0;

const hosts = {
  opfs: {
    name: 'OPFS',
    make: () => new OpfsFileSystem(`contracts/${count++}`),
    canBlock: true,
    makeReady: async () => {
      const fs = new OpfsFileSystem(`contracts/${count++}`);
      await fs.prepare();
      return fs;
    },
  },
} satisfies { [kind: string]: StoreHost };

export type HostKind = keyof typeof hosts;

export const actions = {
  contracts(kind: HostKind): Promise<TestOutcome[]> {
    const host = hosts[kind];
    return runTests(() => {
      describe(`the file system ${host.name}`, () => {
        testFileSystem({ make: host.make, host: host.canBlock ? 'rich' : 'poor' });
      });
      for (const contract of [
        storeContract,
        viewContract,
        transactionContract,
        outcomeContract,
        eventContract,
      ]) {
        contract(host);
      }
    });
  },
};

export type Actions = typeof actions;
