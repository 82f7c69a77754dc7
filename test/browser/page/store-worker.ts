/** The worker that has the store of several tabs open, in OPFS, while its tab is the owner. */
import { OpfsFileSystem } from '../../../src/fs/opfs.ts';
import { Store } from '../../../src/index.ts';
import { shareFromWorker } from '../../../src/remote/index.ts';

const { name } = globalThis as unknown as { readonly name: string };

shareFromWorker({ open: () => Store.open(new OpfsFileSystem(name)) });
