import { Store } from 'onewal';
import { MemoryFileSystem } from 'onewal/memory';
import { SimpleDb } from 'onewal/simple-db';
import runScenario from './scenario.cjs';

globalThis.outcome = runScenario({ Store, MemoryFileSystem, SimpleDb });
