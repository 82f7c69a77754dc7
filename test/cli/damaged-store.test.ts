/** Every command on stores that are not what was written. */

import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  cli,
  contentsOf,
  copyOf,
  dataFilesOf,
  makeStore,
  newPath,
} from './support.ts';

/** Behind the Sync record that names the snapshot. */
const FIRST_COMMIT = 8312;

const STEP = 97;

let sound: string;
let soundDump: string;
/** After each commit. */
const dumps: string[] = [];
beforeAll(async () => {
  const path = newPath();
  sound = await makeStore(path, async () => dumps.push((await cli('dump', path)).output));
  soundDump = dumps.at(-1) ?? '';
});

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

/** The answers of all commands that read. None may throw, write, or end in anything unexpected. */
async function askAll(path: string): Promise<{ [command: string]: Answer }> {
  const before = contentsOf(path);
  const answers: { [command: string]: Answer } = {
    info: await cli('info', path),
    verify: await cli('verify', path),
    inspect: await cli('inspect', path, '--frames', '--blocks', '--operations'),
    get: await cli('get', path, 'balances', 'alice'),
    range: await cli('range', path, 'balances'),
    dump: await cli('dump', path),
    'dump --recovery inspect': await cli('dump', path, '--recovery', 'inspect'),
  };
  for (const answer of Object.values(answers)) {
    expect([0, 1, 2]).toContain(answer.exitCode);
    expect(answer.errors).not.toContain('UNEXPECTED');
  }
  expect(contentsOf(path)).toEqual(before);
  return answers;
}

describe('a flipped byte', () => {
  it('is shown by verify or inspect, and never changes what is read without a word', async () => {
    const path = copyOf(sound);
    for (const name of dataFilesOf(path)) {
      const file = join(path, name);
      for (let offset = 0; offset < statSync(file).size; offset += STEP) {
        flip(file, offset);
        const { verify, inspect, dump, info } = await askAll(path);
        const place = `${name}@${offset}`;

        const isNoticed = verify?.exitCode === 1 || inspect?.exitCode === 1;
        // The last record of a WAL has no witness: without it the end looks torn, and loses nothing.
        const isShown = /^ *meaning +torn$/m.test(inspect?.output ?? '');
        expect({ place, isTold: isNoticed || isShown }).toEqual({ place, isTold: true });
        if (dump?.exitCode === 0)
          expect({ place, dump: dump.output }).toEqual({ place, dump: soundDump });
        if (info?.exitCode !== 0) expect(info?.errors).toContain('--recovery inspect');
        flip(file, offset);
      }
    }
  }, 120_000);
});

describe('a file that was cut', () => {
  it('is refused, or leaves the state after some commit', async () => {
    for (const name of dataFilesOf(sound)) {
      const { size } = statSync(join(sound, name));
      for (let length = 0; length < size; length += 7 * STEP) {
        const path = copyOf(sound);
        truncateSync(join(path, name), length);
        const { dump } = await askAll(path);
        const place = `${name} cut to ${length}`;

        const isWhole = dump?.exitCode !== 0 || dump.output === soundDump;
        // Of its last commits, the newest WAL is the only witness.
        const isPrefix = name === basename(newestWal(path)) && dumps.includes(dump?.output ?? '');
        expect({ place, isTold: isWhole || isPrefix }).toEqual({ place, isTold: true });
      }
    }
  }, 60_000);

  it('is no damage where a crash may have cut it', async () => {
    const path = copyOf(sound);
    const wal = newestWal(path);
    truncateSync(wal, statSync(wal).size - 8);

    const verify = await cli('verify', path, '--json');
    const strict = await cli('verify', path, '--strict');

    expect(verify.exitCode).toBe(0);
    expect(JSON.parse(verify.output)).toMatchObject({ result: 'sound', tornBytes: 112 });
    expect(strict.exitCode).toBe(1);
  });
});

describe('damage in acknowledged commits', () => {
  let path: string;
  let wal: string;
  beforeAll(() => {
    path = copyOf(sound);
    wal = newestWal(path);
    flip(wal, FIRST_COMMIT + 70);
  });

  it('is refused with its code and advice', async () => {
    for (const words of [['info'], ['dump'], ['get', 'balances', 'alice'], ['range', 'balances']]) {
      const [command = '', ...operands] = words;
      const { exitCode, output, errors } = await cli(command, path, ...operands);

      expect({ exitCode, output }).toEqual({ exitCode: 1, output: '' });
      expect(errors).toMatch(/^onewal: CORRUPT: .*8312.*--recovery inspect reads.*\n$/);
    }
  });

  it('is verified with file, offset, reason and the outcome of each mode', async () => {
    const { exitCode, output } = await cli('verify', path, '--json');

    const { result, damage, advice } = JSON.parse(output);
    expect({ exitCode, result }).toEqual({ exitCode: 1, result: 'damaged' });
    expect(damage).toEqual([
      { file: '2.wal', offset: FIRST_COMMIT, reason: 'the frame checksum does not match' },
    ]);
    expect(advice).toEqual([
      'safe: refuses (CORRUPT)',
      expect.stringMatching(/^skip-corrupt: opens at commit \d+, \d+ commits lost$/),
      expect.stringMatching(/^point-in-time: opens at commit 7, \d+ commits lost$/),
      expect.stringMatching(/^inspect: opens at commit 7, \d+ commits lost$/),
      expect.stringContaining('back up'),
    ]);
  });

  it('leaves the sound prefix to --recovery inspect, with a warning', async () => {
    const alice = await cli('get', path, 'balances', 'alice', '--recovery', 'inspect');
    const later = await cli('get', path, 'text', 'greeting', '--recovery', 'inspect');

    expect(alice).toMatchObject({ exitCode: 0, output: '{"$bigint":"5"}\n' });
    expect(alice.errors).toContain('onewal: warning: the store is damaged');
    expect(later).toMatchObject({ exitCode: 2, output: '' });
  });
});

describe('arbitrary bytes', () => {
  const content = fc.uint8Array({ maxLength: 20_000 });

  it('as files of a store', async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(content, content), async ([first, second]) => {
        const path = newPath();
        mkdirSync(path);
        writeFileSync(join(path, '1.wal'), first);
        writeFileSync(join(path, '2.snap'), second);

        await askAll(path);
      }),
      { numRuns: 50 },
    );
  });

  it('behind the beginning of a true file', async () => {
    const files = dataFilesOf(sound);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(20_000),
        content,
        async (name, at, rest) => {
          const file = join(newPath(), '..', name);
          const kept = readFileSync(join(sound, name)).subarray(0, at);
          writeFileSync(file, Buffer.concat([kept, rest]));

          const { exitCode, errors } = await cli('inspect', file, '--frames', '--blocks');

          expect([0, 1]).toContain(exitCode);
          expect(errors).toBe('');
        },
      ),
      { numRuns: 200 },
    );
  });
});

function newestWal(path: string): string {
  const wals = dataFilesOf(path).filter((name) => name.endsWith('.wal'));
  return join(path, wals.sort().at(-1) ?? '');
}
