/** Opens a store for a command that only reads: no lock, no new file, beside a writer if need be. */
import { Store } from '../index-node.ts';
import type { RecoveryMode } from '../options.ts';
import type { Call } from './command.ts';
import { printable } from './report-text.ts';

export const RECOVERY_OPTION = { recovery: { type: 'string' } } as const;

export const RECOVERY_HELP = `  --recovery MODE  what to do about damage, as Store.open takes it: safe (the default) refuses it
                   with exit code 1, inspect reads the longest sound prefix. Nothing is changed.`;

/** Runs `use` on the store at the first operand, and closes it. Throws what `Store.open` does. */
export async function withStore<T>(
  { given, errors }: Call,
  use: (store: Store) => T | Promise<T>,
): Promise<T> {
  const recovery = given.text('recovery') as RecoveryMode | undefined;
  const store = await Store.open(given.operand(0), {
    readOnly: true,
    ...(recovery === undefined ? {} : { recovery }),
  });
  try {
    const warning = lossWarning(store);
    if (warning !== undefined) errors.write(`onewal: warning: ${printable(warning)}\n`);
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Whoever reads what is left must not take it for the whole. */
function lossWarning(store: Store): string | undefined {
  const { loss, sequence } = store.info;
  if (loss === undefined) return undefined;
  const [first] = loss.damage;
  const place = first === undefined ? '' : `: ${first.file} at ${first.offset}: ${first.reason}`;
  return `the store is damaged, this is what is left at commit ${sequence}${place}`;
}
