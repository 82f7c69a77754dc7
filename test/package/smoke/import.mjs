import * as main from 'onewal';
import * as inspect from 'onewal/inspect';
import * as kvstore from 'onewal/kvstore';
import * as memory from 'onewal/memory';
import * as node from 'onewal/node';
import * as remote from 'onewal/remote';
import * as simpleDb from 'onewal/simple-db';
import * as storageBackend from 'onewal/storage-backend';
import * as testing from 'onewal/testing';
import { tryEveryEntry, tryEveryFacade } from './scenario.cjs';

await tryEveryEntry({ main, node, memory, testing, remote, inspect });
await tryEveryFacade({ simpleDb, storageBackend, kvstore });
