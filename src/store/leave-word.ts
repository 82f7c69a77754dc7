import type { WalWriter } from '../wal/wal-writer.ts';
import type { Engine } from './engine.ts';

/**
 * Leaves word, in a Sync record, of how far the WAL and which snapshot is durable: on the way to
 * rest, and when there is a new snapshot. It is no promise: without it only a witness is missing.
 * `onHalfWord`: the record could not be written whole, nor be cut off.
 */
export function leaveWord(engine: Engine, onHalfWord: (writer: WalWriter) => void): void {
  const { writer, failure, manifest } = engine;
  if (writer === undefined || failure !== undefined) return;
  if (writer.isPoisoned || writer.isEnded) return;
  const snapshot = manifest?.footer.generation;
  const isKnown = writer.durable.sequence <= writer.markedSequence;
  if (isKnown && writer.namedSnapshot === snapshot) return;
  try {
    writer.writeSync(snapshot);
  } catch {
    cut(writer, onHalfWord);
  }
}

function cut(writer: WalWriter, onHalfWord: (writer: WalWriter) => void): void {
  try {
    writer.cut();
  } catch {
    onHalfWord(writer);
  }
}
