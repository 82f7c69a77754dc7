/** `onewal get` and `onewal range`: entries as JSON. */
import type { RangeOptions } from '../options.ts';
import { invalid } from '../options.ts';
import type { Call, Command } from './command.ts';
import { ExitCode } from './exit-code.ts';
import { KEY_HELP, parseKey } from './key-text.ts';
import { type MapEncodings, openMap, storedMap } from './map-handle.ts';
import { RECOVERY_HELP, RECOVERY_OPTION, withStore } from './open-store.ts';
import { valueForm } from './value-form.ts';
import { toJson } from './value-text.ts';

export const getCommand: Command = {
  name: 'get',
  synopsis: 'DIR MAP KEY [--hex] [--recovery MODE]',
  summary: 'the value of one key, as JSON',
  details: `${KEY_HELP}
${RECOVERY_HELP}

  A key that is not there prints nothing on the output, a line on the error output, and is no error.`,
  options: { hex: { type: 'boolean' }, ...RECOVERY_OPTION },
  operandCount: { min: 3, max: 3 },
  run: get,
};

export const rangeCommand: Command = {
  name: 'range',
  synopsis: 'DIR MAP [--start KEY] [--end KEY] [--prefix KEY] [--reverse] [--limit N] [--keys] ...',
  summary: 'the entries of a range of keys, a line of JSON each',
  details: `  --start KEY      the lowest key, inclusive
  --end KEY        the key behind the highest, exclusive
  --prefix KEY     keys that begin so
  --reverse        from the highest down
  --limit N        at most N entries
  --keys           keys alone
${KEY_HELP}
${RECOVERY_HELP}`,
  options: {
    start: { type: 'string' },
    end: { type: 'string' },
    prefix: { type: 'string' },
    reverse: { type: 'boolean' },
    limit: { type: 'string' },
    keys: { type: 'boolean' },
    hex: { type: 'boolean' },
    ...RECOVERY_OPTION,
  },
  operandCount: { min: 2, max: 2 },
  run: range,
};

function get(call: Call): Promise<ExitCode> {
  return withStore(call, async (store) => {
    const { given, output, errors } = call;
    const map = storedMap(store, given.operand(1));
    const value = openMap(store, map).get(keyOf(call, map, given.operand(2)));
    if (value === undefined) errors.write('onewal: the map has no such key\n');
    else await output.line(JSON.stringify(valueForm(map.valueEncoding).toJson(value)));
    return ExitCode.fine;
  });
}

function range(call: Call): Promise<ExitCode> {
  return withStore(call, async (store) => {
    const { given, output } = call;
    const map = storedMap(store, given.operand(1));
    const handle = openMap(store, map);
    const form = valueForm(map.valueEncoding);
    const options = rangeOptions(call, map);
    if (given.isSet('keys')) {
      for (const key of handle.getKeys(options)) await output.line(JSON.stringify(toJson(key)));
      return ExitCode.fine;
    }
    for (const { key, value } of handle.getRange(options)) {
      await output.line(JSON.stringify({ key: toJson(key), value: form.toJson(value) }));
    }
    return ExitCode.fine;
  });
}

function rangeOptions(call: Call, map: MapEncodings): RangeOptions<unknown> {
  const { given } = call;
  const bounds = (['start', 'end', 'prefix'] as const).flatMap((name) => {
    const text = given.text(name);
    return text === undefined ? [] : [[name, keyOf(call, map, text)]];
  });
  const limit = given.count('limit');
  return {
    ...Object.fromEntries(bounds),
    reverse: given.isSet('reverse'),
    ...(limit === undefined ? {} : { limit }),
  };
}

function keyOf({ given }: Call, { keyEncoding }: MapEncodings, text: string): unknown {
  const key = parseKey(text, { keyEncoding, isHex: given.isSet('hex') });
  if (key === undefined) throw invalid('undefined is no key');
  return key;
}
