/** `onewal dump`: writes a store's contents as lines of JSON, for `onewal load`. */
import { createHash, type Hash } from 'node:crypto';
import { UsageError } from '../errors.ts';
import type { Store } from '../store.ts';
import type { Call, Command } from './command.ts';
import { type DumpMap, endLine, entryLine, headerLine } from './dump-format.ts';
import { ExitCode } from './exit-code.ts';
import { openMap, storedMap } from './map-handle.ts';
import { RECOVERY_HELP, RECOVERY_OPTION, withStore } from './open-store.ts';
import type { Output } from './output.ts';
import { ProgressBar } from './progress-bar.ts';
import { hasUnfinishedLoad } from './unfinished-load.ts';
import { valueForm } from './value-form.ts';
import { toJson } from './value-text.ts';

export const dumpCommand: Command = {
  name: 'dump',
  synopsis: 'DIR [--map NAME]... [--recovery MODE] > FILE',
  summary: 'all entries as lines of JSON, without loss; equal states give equal dumps',
  details: `  --map NAME       this map alone; may be given again
${RECOVERY_HELP}

  First a line with the maps, their encodings and quotas; then one line for each entry, in the order
  of the keys; last a line with their number and the SHA-256 of all lines before. What JSON lacks is
  an object of one key that begins with $: $bigint, $bytes (base64), $date, $map, $set, $number,
  $undefined, $cbor, $object. Of maps with a codec of your own, keys or values are $bytes.`,
  options: { map: { type: 'string', multiple: true }, ...RECOVERY_OPTION },
  operandCount: { min: 1, max: 1 },
  run: (call) => withStore(call, (store) => dump(store, call)),
};

async function dump(store: Store, { given, output, errors }: Call): Promise<ExitCode> {
  if (hasUnfinishedLoad(store)) {
    throw new UsageError(
      'INVALID_ARGUMENT',
      'a load into this store was not finished: finish it with "onewal load --into-existing" first',
    );
  }
  const { byteQuota } = store.stats();
  const maps = mapsToDump(store, given.texts('map'));
  const writer = new DumpWriter(output);
  await writer.line(headerLine({ byteQuota: byteQuota ?? null, maps }));
  const total = maps.reduce((count, map) => count + openMap(store, map).getCount(), 0);
  const progress = new ProgressBar(errors, total);
  try {
    for (const map of maps) await dumpMap(store, map, { writer, progress });
  } finally {
    progress.finish();
  }
  await output.line(endLine({ entries: progress.done, digest: writer.digest() }));
  return ExitCode.fine;
}

/** In the order of their names' bytes, as the store lists them. Throws NOT_FOUND. */
function mapsToDump(store: Store, asked: readonly string[]): DumpMap[] {
  for (const name of asked) storedMap(store, name);
  const names = asked.length === 0 ? store.maps : store.maps.filter((map) => asked.includes(map));
  const { maps } = store.stats();
  return names.map((name) => {
    return { ...storedMap(store, name), byteQuota: maps[name]?.byteQuota ?? null };
  });
}

async function dumpMap(
  store: Store,
  map: DumpMap,
  { writer, progress }: { readonly writer: DumpWriter; readonly progress: ProgressBar },
): Promise<void> {
  const form = valueForm(map.valueEncoding);
  for (const { key, value } of openMap(store, map).getRange()) {
    const entry = { map: map.name, key: toJson(key), value: form.toJson(value) };
    await writer.line(entryLine(entry));
    progress.advance();
  }
}

class DumpWriter {
  readonly #output: Output;
  readonly #hash: Hash = createHash('sha256');

  constructor(output: Output) {
    this.#output = output;
  }

  line(text: string): Promise<void> | undefined {
    this.#hash.update(text).update('\n');
    return this.#output.line(text);
  }

  /** Of every line so far. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
