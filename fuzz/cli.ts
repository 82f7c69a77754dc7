/**
 * The command line on arbitrary files:
 *
 *     input := command:u8 rest
 *
 * `rest` is a directory of files (formats/directory.ts), or, for `load`, the text of a dump.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { concatBytes, utf8Encode } from '../src/bytes/bytes.ts';
import { checksumReady } from '../src/bytes/checksum.ts';
import { runCli } from '../src/cli/run.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import { mutateBytes } from './driver/mutation.ts';
import {
  mutateDirectory,
  packDirectory,
  type StoredFile,
  unpackDirectory,
} from './formats/directory.ts';
import { restartChance } from './oracles/chance.ts';
import { FaultError, requireSame } from './oracles/errors.ts';
import { seedDirectories } from './seeds/stores.ts';

await checksumReady;

const COMMANDS: readonly (readonly string[])[] = [
  ['verify', 'DIR', '--strict', '--json'],
  ['verify', 'DIR'],
  ['inspect', 'DIR', '--frames', '--operations', '--blocks', '--json'],
  ['inspect', 'DIR', '--frames', '--operations', '--blocks', '--limit', '3'],
  ['describe', 'DIR', '--recovery', 'inspect'],
  ['dump', 'DIR', '--recovery', 'inspect'],
  ['range', 'DIR', 'a', '--recovery', 'inspect'],
  ['get', 'DIR', 'a', 'x', '--recovery', 'inspect'],
];
const LOAD = COMMANDS.length;
const SAFE_NAME = /^(quarantine\/)?[\w-][\w.-]{0,40}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

const scratch = mkdtempSync(join(tmpdir(), 'onewal-fuzz-cli-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

export async function fuzz(data: Uint8Array): Promise<void> {
  restartChance();
  const directory = join(scratch, 'store');
  rmSync(directory, { recursive: true, force: true });
  const [selector = 0] = data;
  const command = COMMANDS[selector % (COMMANDS.length + 1)];
  if (command === undefined) return loadAndRead(directory, data.subarray(1));
  const files = unpackDirectory(data.subarray(1)).filter(({ name }) => SAFE_NAME.test(name));
  mkdirSync(directory, { recursive: true });
  for (const file of files) writeIn(directory, file);
  const before = digestOf(directory);
  await call(command.map((word) => (word === 'DIR' ? directory : word)));
  requireSame(digestOf(directory), before, `the files after ${command[0]}`);
}

export function mutate(data: Uint8Array, random: SeededRandom): Uint8Array {
  const selector = random.below(3) === 0 ? random.below(COMMANDS.length + 1) : (data[0] ?? 0);
  const rest = data.subarray(1);
  const isLoad = selector % (COMMANDS.length + 1) === LOAD;
  const changed = isLoad ? mutateBytes(rest, random) : mutateDirectory(rest, random);
  return concatBytes([Uint8Array.of(selector), changed]);
}

export async function seeds(): Promise<readonly Uint8Array[]> {
  const directories = (await seedDirectories()).map(packDirectory);
  const stores = directories.map((packed, i) =>
    concatBytes([Uint8Array.of(i % COMMANDS.length), packed]),
  );
  const map = { name: 'm', keyEncoding: 'ordered', valueEncoding: 'cbor', byteQuota: null };
  const header = { onewal: 'dump', version: 1, byteQuota: 900, maps: [map] };
  const entry = { map: 'm', key: { $bigint: '5' }, value: { $map: [[1, { $date: 5 }]] } };
  const lines = [header, { ...entry, value: 1 }, { end: { entries: 1 } }];
  const dumps = [lines, [header, entry, lines[2]], [header, { end: { entries: 0 } }]].map((dump) =>
    concatBytes([
      Uint8Array.of(LOAD),
      utf8Encode(dump.map((line) => `${JSON.stringify(line)}\n`).join('')),
    ]),
  );
  return [...dumps, ...stores];
}

/** What was loaded reads back, and is dumped as it was. */
async function loadAndRead(directory: string, dump: Uint8Array): Promise<void> {
  const loaded = await call(['load', directory], dump);
  if (loaded.exitCode !== 0) return;
  const verified = await call(['verify', directory, '--strict']);
  requireSame(verified.exitCode, 0, 'verify after a load');
  const dumped = await call(['dump', directory]);
  requireSame(dumped.exitCode, 0, 'a dump after a load');
  const copy = join(scratch, 'copy');
  rmSync(copy, { recursive: true, force: true });
  const again = await call(['load', copy], utf8Encode(dumped.output));
  requireSame(again.exitCode, 0, `the load of what was dumped: ${again.errors}`);
  requireSame((await call(['dump', copy])).output, dumped.output, 'the dump of a copy');
}

interface Answer {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

async function call(words: readonly string[], input?: Uint8Array): Promise<Answer> {
  const [output, errors] = [new Collector(), new Collector()];
  const parts = input === undefined || input.length === 0 ? [] : [Buffer.from(input)];
  const exitCode = await runCli(words, { input: Readable.from(parts), output, errors });
  const answer = { exitCode, output: output.text, errors: errors.text };
  if (answer.errors.includes('UNEXPECTED')) throw new FaultError(answer.errors);
  if (CONTROL.test(answer.output + answer.errors)) throw new FaultError('a control character');
  if (words.includes('--json') && answer.output !== '') JSON.parse(answer.output);
  return answer;
}

class Collector extends Writable {
  text = '';
  readonly isTTY = false;

  override _write(chunk: unknown, _encoding: unknown, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

function writeIn(directory: string, { name, bytes }: StoredFile): void {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

function digestOf(directory: string): string {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = names
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));
  return JSON.stringify(files.sort().map((path) => [path, readFileSync(path).toString('latin1')]));
}
