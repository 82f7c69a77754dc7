import { Store } from 'onewal';
import { IndexedDbFileSystem } from 'onewal/indexed-db';

Object.assign(globalThis, { Store, IndexedDbFileSystem });
