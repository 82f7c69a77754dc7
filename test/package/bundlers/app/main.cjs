const { Store } = require('onewal');
const { MemoryFileSystem } = require('onewal/memory');
const { SimpleDb } = require('onewal/simple-db');
const runScenario = require('./scenario.cjs');

globalThis.outcome = runScenario({ Store, MemoryFileSystem, SimpleDb });
