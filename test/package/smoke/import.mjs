import * as main from 'onewal';
import * as memory from 'onewal/memory';
import * as node from 'onewal/node';
import * as testing from 'onewal/testing';
import { tryEveryEntry } from './scenario.cjs';

await tryEveryEntry({ main, node, memory, testing });
