/** Stores whose ids are almost used up, which no store comes to by itself. */
import { FORMAT_VERSION } from '../../../src/bytes/format-version.ts';
import { encodeWalHeader } from '../../../src/wal/wal-header.ts';
import { entry, makePlan, planMap, writePlan } from '../../snapshot/support.ts';
import type { Files } from '../rot/plain-files.ts';

/** A snapshot of one map, `given`, and an empty WAL behind it. */
export function nearlyUsedUp(changes: {
  readonly nextMapId?: number;
  readonly sequence?: number;
}): Files {
  const map = { ...planMap(1, 'given', [entry('a', '1')]), keyEncoding: 'binary' };
  const plan = makePlan([map], changes);
  const { store, sequence, chain, generation } = plan;
  const wal = encodeWalHeader({
    format: FORMAT_VERSION,
    store,
    generation: plan.wal,
    key: new Uint8Array(32).fill(1),
    predecessor: { generation: 1, offset: 8192, sequence, chain },
    snapshot: generation,
    publishedAt: sequence,
    publishedChain: chain,
    loss: null,
  });
  return new Map([
    [`${generation}.snap`, writePlan(plan)],
    [`${plan.wal}.wal`, wal],
  ]);
}
