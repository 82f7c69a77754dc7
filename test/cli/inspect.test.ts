import { openSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { NodeFile } from '../../src/fs/node-file.ts';
import { Store } from '../../src/index-node.ts';
import { decodeWalHeader, type WalHeader } from '../../src/wal/wal-header.ts';
import { WalWriter } from '../../src/wal/wal-writer.ts';
import { cli, copyOf, makeStore, newPath } from './support.ts';

interface Row {
  readonly [name: string]: unknown;
}

const FRAMES_START = 8192;
/** Behind the Sync record that names the snapshot. */
const FIRST_COMMIT = FRAMES_START + 120;

let sound: string;
beforeAll(async () => {
  sound = await makeStore();
});

async function inspectFile(path: string, ...options: string[]) {
  const { exitCode, output } = await cli('inspect', path, '--json', ...options);
  return { exitCode, report: JSON.parse(output).files[0] as Row & { [name: string]: Row[] } };
}

function flip(path: string, ...offsets: number[]): void {
  const bytes = readFileSync(path);
  for (const offset of offsets) bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe('onewal inspect on a WAL', () => {
  it('shows header, frames, End and what the commits do', async () => {
    const { exitCode, report } = await inspectFile(
      join(sound, '2.wal'),
      ...['--frames', '--operations'],
    );

    expect(exitCode).toBe(0);
    expect(report).toMatchObject({
      headerCopies: ['sound', 'sound'],
      predecessor: { generation: 1, sequence: 7 },
      break: null,
      end: { last: 11 },
    });
    expect(report.frames?.[0]).toMatchObject({ offset: FRAMES_START, type: 'sync', sequence: 7 });
    expect(report.frames?.[1]).toMatchObject({ offset: FIRST_COMMIT, type: 'commit', sequence: 8 });
    expect(report.frames?.[1]).toMatchObject({ header: 'sound', body: 'sound', chain: 'sound' });
    expect(report.frames?.at(-1)).toMatchObject({ type: 'end', durable: 11 });
    expect(report.operations?.slice(0, 2)).toMatchObject([
      { sequence: 8, operation: 'define', name: 'text', keyEncoding: 'utf8' },
      { sequence: 8, operation: 'put', name: 'text', key: '"greeting"', value: '"höi"' },
    ]);
  });

  it('shows the tokens of commits', async () => {
    const path = newPath();
    const store = await Store.open(path);
    await store.map('m').put('k', 1, { token: Uint8Array.of(0, 255) });
    await store.close();

    const { report } = await inspectFile(join(path, '1.wal'), '--operations');

    expect(report.operations).toMatchObject([
      { operation: 'define' },
      { operation: 'put' },
      { sequence: 1, operation: 'token', token: '00ff' },
    ]);
  });

  it('names the maps of a WAL by the snapshot beside it', async () => {
    const path = newPath();
    const store = await Store.open(path);
    await store.map('balances').put('alice', 1n);
    for (const value of [2n, 3n]) {
      await store.checkpoint();
      await store.map('balances').put('alice', value);
    }
    await store.close();

    const { output } = await cli('inspect', path, '--operations', '--json');

    const { files } = JSON.parse(output) as { files: { operations?: Row[] }[] };
    const operations = files.flatMap((file) => file.operations ?? []);
    expect(operations.map(({ operation }) => operation)).toEqual(['put', 'put']);
    expect(operations.at(-1)).toMatchObject({ name: 'balances', key: '"alice"' });
    expect(operations.at(-1)).toMatchObject({ value: '{"$bigint":"3"}', valueSize: 9 });
  });

  it('tells which checksum fails at the first break, and what is sound behind it', async () => {
    const path = join(copyOf(sound), '2.wal');
    flip(path, FIRST_COMMIT + 70);

    const { exitCode, report } = await inspectFile(path, '--frames');

    expect(exitCode).toBe(1);
    expect(report.break).toMatchObject({
      offset: FIRST_COMMIT,
      reason: 'the frame checksum does not match',
      meaning: 'corrupt',
      zerosToTheEnd: false,
      lastSequenceBehind: 11,
    });
    const [, broken, next, after] = report.frames ?? [];
    expect(broken).toMatchObject({
      sequence: 8,
      header: 'sound',
      body: 'damaged',
      chain: 'unknown',
    });
    expect(next).toMatchObject({ header: 'sound', body: 'sound', chain: 'broken' });
    expect(after).toMatchObject({ chain: 'sound' });
  });

  it('does not believe a length behind a header that fails', async () => {
    const path = join(copyOf(sound), '2.wal');
    flip(path, FRAMES_START + 4);

    const { report } = await inspectFile(path, '--frames');

    expect(report.frames?.[0]).toEqual({
      ...{ offset: FRAMES_START, header: 'damaged', body: 'unknown', chain: 'unknown' },
    });
  });

  it('takes an End record behind a break for a witness', async () => {
    const path = join(copyOf(sound), '2.wal');
    const { report: before } = await inspectFile(path, '--frames');
    flip(path, (before.frames?.at(-2)?.offset as number) + 70);

    const { exitCode, report } = await inspectFile(path);

    expect({ exitCode, ...report }).toMatchObject({ exitCode: 1, break: { meaning: 'corrupt' } });
  });

  it('shows a commit that means nothing', async () => {
    const path = newPath();
    const head = readFileSync(join(sound, '2.wal')).subarray(0, FRAMES_START);
    const { header } = decodeWalHeader(head) as { header: WalHeader };
    writeFileSync(path, head);
    const file = new NodeFile(openSync(path, 'r+'));
    const writer = new WalWriter(file, header);
    writer.stage({ sequence: 8, bodies: [Uint8Array.of(0xff)] });
    writer.writeStaged();
    file.close();

    const { report } = await inspectFile(path, '--operations');

    expect(report.operations).toMatchObject([{ sequence: 8, operation: 'malformed' }]);
  });

  it('gets by with one copy of the header', async () => {
    const path = join(copyOf(sound), '2.wal');
    flip(path, 20);

    const { exitCode, report } = await inspectFile(path);

    expect(exitCode).toBe(1);
    expect(report.headerCopies).toEqual(['damaged: the header checksum does not match', 'sound']);
    expect(report.end).toMatchObject({ last: 11 });
  });

  it('says that without a header nothing can be verified', async () => {
    const path = join(copyOf(sound), '2.wal');
    flip(path, 20, 4096 + 20);

    const { exitCode, report } = await inspectFile(path);

    expect(exitCode).toBe(1);
    expect(report.state).toBe('no header: its frames cannot be verified');
  });

  it('knows a WAL under any name', async () => {
    const directory = copyOf(sound);
    renameSync(join(directory, '2.wal'), join(directory, 'evidence'));

    const { exitCode, report } = await inspectFile(join(directory, 'evidence'));

    expect({ exitCode, ...report }).toMatchObject({ exitCode: 0, kind: 'WAL', lastSequence: 11 });
  });

  it('limits every list, and tells how much it left out', async () => {
    const { report } = await inspectFile(join(sound, '2.wal'), '--frames', '--limit', '2');

    expect(report.frames).toHaveLength(2);
    expect(report.framesLeftOut).toBeGreaterThan(1);
  });
});

describe('onewal inspect on a snapshot', () => {
  it('shows header, footer and blocks', async () => {
    const { exitCode, report } = await inspectFile(join(sound, '3.snap'), '--blocks');

    expect(exitCode).toBe(0);
    expect(report).toMatchObject({
      ...{ state: 'complete', header: 'sound', footer: 'sound', contents: 'full', sequence: 7 },
      ...{ byteQuota: 1_000_000, unsoundBlocks: [], beneath: [] },
    });
    expect(report.maps?.map(({ name }) => name)).toEqual(['balances', 'raw', 'state']);
    expect(report.blocks?.[0]).toEqual({
      ...{ offset: 512, length: expect.any(Number), kind: 'data', count: 3, checksum: 'sound' },
    });
  });

  it('names the block that is damaged', async () => {
    const path = join(copyOf(sound), '3.snap');
    flip(path, 512 + 20);

    const { exitCode, report } = await inspectFile(path);

    expect(exitCode).toBe(1);
    expect(report.unsoundBlocks).toMatchObject([{ offset: 512, checksum: 'damaged' }]);
  });

  it('shows the footer under a header that is damaged', async () => {
    const path = join(copyOf(sound), '3.snap');
    flip(path, 30);

    const { exitCode, report } = await inspectFile(path);

    expect(exitCode).toBe(1);
    expect(report).toMatchObject({
      ...{ state: 'damaged', header: 'damaged: header checksum is wrong', footer: 'sound' },
      ...{ sequence: 7, unsoundBlocks: [] },
    });
  });

  it('takes one that was never finished for no damage', async () => {
    const path = join(copyOf(sound), '3.snap');
    truncateSync(path, 600);

    const { exitCode, report } = await inspectFile(path);

    expect({ exitCode, state: report.state }).toEqual({ exitCode: 0, state: 'unfinished' });
  });
});

it('onewal inspect leaves what is not its own alone', async () => {
  const { exitCode, report } = await inspectFile('package.json');

  expect({ exitCode, kind: report.kind }).toEqual({
    ...{ exitCode: 0, kind: 'neither a WAL nor a snapshot' },
  });
});
