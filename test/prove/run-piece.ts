/** One piece of a gate, from its start to what is kept of it. */
import type { Gate, Scale } from './gate.ts';
import { type PieceResult, PieceTally } from './piece-tally.ts';

export interface PieceOrder {
  readonly gate: string;
  readonly piece: number;
  readonly scale: Scale;
  readonly seed: number;
}

/** A promise that nobody waited for, and that was rejected, is a failure of its own. */
export async function runPiece(
  gate: Gate,
  { piece, scale, seed }: Omit<PieceOrder, 'gate'>,
  onProgress?: (caseCount: number) => void,
): Promise<{ readonly result: PieceResult; readonly digests: BigUint64Array }> {
  const start = performance.now();
  const tally: PieceTally = new PieceTally(seed, () => onProgress?.(tally.caseCount));
  const onRejection = (error: unknown) => tally.fail(`nobody waited for: ${textOf(error)}`, 'none');
  process.on('unhandledRejection', onRejection);
  try {
    await gate.run(piece, scale, tally);
  } catch (error) {
    tally.fail(`the piece threw: ${textOf(error)}`, 'none');
  }
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onRejection);
  // What holds of no case holds always.
  if (tally.caseCount + tally.failureCount === 0) tally.fail('the piece checked nothing', 'none');
  const { kinds, failures, failureCount, digests } = tally;
  const seconds = (performance.now() - start) / 1000;
  return {
    result: { gate: gate.name, piece, kinds, failureCount, failures, seconds },
    digests,
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
