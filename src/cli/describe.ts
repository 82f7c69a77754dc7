/** `onewal info`: what a store is. */
import { toHex } from '../bytes/bytes.ts';
import type { LossReport } from '../errors.ts';
import type { Store } from '../store.ts';
import type { Call, Command } from './command.ts';
import { ExitCode } from './exit-code.ts';
import { RECOVERY_HELP, RECOVERY_OPTION, withStore } from './open-store.ts';
import { type Report, reportText } from './report-text.ts';
import { type ListedFile, listFiles } from './store-files.ts';
import { hasUnfinishedLoad } from './unfinished-load.ts';

export const describeCommand: Command = {
  name: 'info',
  synopsis: 'DIR [--json] [--recovery MODE]',
  summary: 'what the store is: identity, files, maps, quotas, what the last open found',
  details: `  --json           the same as JSON
${RECOVERY_HELP}`,
  options: { json: { type: 'boolean' }, ...RECOVERY_OPTION },
  operandCount: { min: 1, max: 1 },
  run: describe,
};

async function describe(call: Call): Promise<ExitCode> {
  const { given, output } = call;
  const report = await withStore(call, (store) => {
    return { ...describeStore(store), files: listFiles(given.operand(0)).map(fileRow) };
  });
  await output.line(given.isSet('json') ? JSON.stringify(report, null, 2) : reportText(report));
  return ExitCode.fine;
}

function describeStore(store: Store): Report {
  const { location, uuid, format, generation, sequence, chain, recovery, loss } = store.info;
  const { bytesUsed, byteQuota, maps, snapshots } = store.stats();
  return {
    ...{ location, uuid, format, generation, sequence, chain, bytesUsed },
    byteQuota: byteQuota ?? null,
    unfinishedLoad: hasUnfinishedLoad(store),
    snapshotsInUse: snapshots,
    maps: store.maps.map((name) => ({
      name,
      ...maps[name],
      byteQuota: maps[name]?.byteQuota ?? null,
    })),
    recovery: { ...recovery },
    loss: loss === undefined ? null : lossReport(loss),
  };
}

function lossReport(loss: LossReport): Report {
  return {
    ...loss,
    damage: loss.damage.map((place) => ({ ...place })),
    suspectKeys: loss.suspectKeys.map(({ map, key }) => ({ map, key: toHex(key) })),
  };
}

function fileRow({ name, kind, size }: ListedFile): Report {
  return { name, kind, size };
}
