import { Store } from 'onewal';
import { OpfsFileSystem } from 'onewal/opfs';

Object.assign(globalThis, { Store, OpfsFileSystem });
