/** A process that runs pieces, one at a time, as it is told to by messages. */
import { checksumReady } from '../../src/bytes/checksum.ts';
import { gates } from './gates/index.ts';
import { KeptResults } from './kept-results.ts';
import type { PieceResult } from './piece-tally.ts';
import { type PieceOrder, runPiece } from './run-piece.ts';

/** How often the runner hears that a piece goes on, in milliseconds. */
const PROGRESS_INTERVAL = 500;

export interface WorkerOrder extends PieceOrder {
  readonly directory: string;
  readonly fingerprint: string;
}

export type WorkerMessage =
  | { readonly type: 'progress'; readonly caseCount: number }
  | { readonly type: 'result'; readonly result: PieceResult };

process.on('message', (order: WorkerOrder) => void carryOut(order));
process.on('disconnect', () => process.exit());

async function carryOut(order: WorkerOrder): Promise<void> {
  await checksumReady;
  const gate = gates.find(({ name }) => name === order.gate);
  if (gate === undefined) throw new Error(`there is no gate ${order.gate}`);
  let told = 0;
  const { result, digests } = await runPiece(gate, order, (caseCount) => {
    const now = performance.now();
    if (now - told < PROGRESS_INTERVAL) return;
    told = now;
    send({ type: 'progress', caseCount });
  });
  new KeptResults(order.directory, order.fingerprint).keep(result, digests);
  send({ type: 'result', result });
}

function send(message: WorkerMessage): void {
  process.send?.(message);
}
