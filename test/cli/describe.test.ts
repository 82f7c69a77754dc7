import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Store } from '../../src/index-node.ts';
import { cli, makeStore, newPath } from './support.ts';

describe('onewal info', () => {
  it('tells what the store says of itself', async () => {
    const path = await makeStore();
    const store = await Store.open(path, { readOnly: true });
    const { uuid, sequence, chain, generation } = store.info;
    await store.close();

    const report = JSON.parse((await cli('info', path, '--json')).output);

    expect(report).toMatchObject({
      ...{ uuid, sequence, chain, generation, format: '1.0' },
      byteQuota: 1_000_000,
      unfinishedLoad: false,
      loss: null,
      recovery: { decision: 'open', wal: 'clean', snapshot: 'sound' },
    });
  });

  it('lists maps with encodings, counts, bytes and quotas', async () => {
    const { output } = await cli('info', await makeStore(), '--json');

    const maps: { name: string }[] = JSON.parse(output).maps;

    expect(maps.map(({ name }) => name)).toEqual([
      ...['balances', 'emptied', 'own', 'raw', 'state', 'text'],
    ]);
    expect(maps[2]).toMatchObject({ keyEncoding: 'reversed', valueEncoding: 'cbor', count: 1 });
    expect(maps[3]).toMatchObject({ keyEncoding: 'binary', valueEncoding: 'binary', bytesUsed: 3 });
    expect(maps[4]).toMatchObject({ valueEncoding: 'json', byteQuota: 50_000 });
  });

  it('lists files with their sizes', async () => {
    const path = await makeStore();

    const { files } = JSON.parse((await cli('info', path, '--json')).output);

    expect(files.map(({ kind }: { kind: string }) => kind)).toContain('snapshot');
    for (const { name, size } of files) expect(size).toBe(statSync(join(path, name)).size);
  });

  it('keeps showing what was lost until somebody has acknowledged it', async () => {
    const path = await makeStore();
    const store = await Store.open(path);
    await store.map('balances').put('alice', 0n);
    await store.close();
    const wal = join(path, `${store.info.generation}.wal`);
    const bytes = readFileSync(wal);
    bytes[8192 + 70] = 0xff;
    writeFileSync(wal, bytes);
    await (await Store.open(path, { recovery: 'point-in-time' })).close();

    const { exitCode, output, errors } = await cli('info', path, '--json');

    const { loss, files } = JSON.parse(output);
    expect(exitCode).toBe(0);
    expect(loss).toMatchObject({ action: 'cut', firstLost: 12, commitsLost: 1 });
    expect(loss.damage).toMatchObject([{ file: basename(wal), offset: 8192 }]);
    expect(files).toContainEqual(
      expect.objectContaining({ name: loss.quarantine[0], kind: 'quarantine' }),
    );
    expect(errors).toContain('onewal: warning: the store is damaged');
  });

  it('says the same for people', async () => {
    const { output } = await cli('info', await makeStore());

    expect(output).toMatch(/^byte quota +1000000$/m);
    expect(output).toMatch(/^ {2}state +ordered +json +1 /m);
    const lines = output.split('\n');
    const [head, row] = ['  name ', '  own '].map((start) =>
      lines.find((line) => line.startsWith(start)),
    );
    expect(row?.indexOf('cbor')).toBe(head?.indexOf('value encoding'));
  });

  it('lets nothing that is stored control the terminal', async () => {
    const path = newPath();
    const store = await Store.open(path);
    await store.map('\u001b[2Jred').put('k', 1);
    await store.close();

    const { output } = await cli('info', path);

    expect(output).toContain('\\u001b[2Jred');
    expect(output).not.toContain('\u001b');
  });
});
