/** The peers are installed when they are asked, and have no types before. */
declare module '@sqlite.org/sqlite-wasm';
declare module 'browser-level';
declare module 'dexie';
