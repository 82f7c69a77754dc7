/** The gates, for a bundle in which the engine is broken on purpose. */
export { checksumReady } from '../../src/bytes/checksum.ts';
export { gates } from './gates/index.ts';
export { runPiece } from './run-piece.ts';
