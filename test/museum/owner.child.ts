/** A process that opens a store, writes and closes when it is told to. */
import { Store } from '../../src/index-node.ts';
import type { OwnerCommand, OwnerReport } from './owner.ts';

const directory = String(process.argv[2]);
let store: Store | undefined;

async function answer(command: OwnerCommand): Promise<OwnerReport> {
  try {
    switch (command.kind) {
      case 'open':
        store = await Store.open(directory);
        return { kind: 'open', keys: [...store.map<string>('m').getKeys()] };
      case 'put':
        await store?.map('m').put(command.key, 1);
        return { kind: 'done' };
    }
  } catch (error) {
    return { kind: 'refused', code: String((error as { code?: string }).code ?? error) };
  }
}

process.on('message', async (command: OwnerCommand) => process.send?.(await answer(command)));
process.send?.({ kind: 'done' } satisfies OwnerReport);
