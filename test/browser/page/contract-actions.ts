/** Runs the contract suites here. */
import { IndexedDbFileSystem } from '../../../src/fs/indexed-db.ts';
import { OpfsFileSystem } from '../../../src/fs/opfs.ts';
import { eventContract } from '../../contract/events.ts';
import { testFileSystem } from '../../contract/file-system.ts';
import { outcomeContract } from '../../contract/outcomes.ts';
import { type StoreHost, storeContract } from '../../contract/store.ts';
import { transactionContract } from '../../contract/transactions.ts';
import { viewContract } from '../../contract/views.ts';
import { runTests, type TestOutcome } from './run-tests.ts';
import type { HostKind } from './store-actions.ts';
import { describe } from './vitest.ts';

const SUITES: { readonly [name: string]: (host: StoreHost) => void } = {
  files: fileContract,
  store: storeContract,
  views: viewContract,
  transactions: transactionContract,
  outcomes: outcomeContract,
  events: eventContract,
};

export const suiteNames = (): readonly string[] => Object.keys(SUITES);

/** `root`: where nothing is stored yet. */
export function contract(kind: HostKind, suite: string, root: string): Promise<TestOutcome[]> {
  const host = kind === 'opfs' ? opfsHost(root) : indexedDbHost(root);
  return runTests(() => SUITES[suite]?.(host));
}

function fileContract(host: StoreHost): void {
  describe(`the file system ${host.name}`, () => {
    testFileSystem({
      make: () => host.make(),
      host: host.canBlock ? 'rich' : 'poor',
      preallocates: host.canBlock,
    });
  });
}

function opfsHost(root: string): StoreHost {
  let count = 0;
  const make = () => new OpfsFileSystem(`${root}/${count++}`);
  const makeReady = async () => {
    const fs = make();
    await fs.prepare();
    return fs;
  };
  return { name: 'OPFS', make, makeReady, canBlock: true };
}

function indexedDbHost(root: string): StoreHost {
  let count = 0;
  const make = () => new IndexedDbFileSystem(`${root}/${count++}`);
  return { name: 'IndexedDB', make, canBlock: false };
}
