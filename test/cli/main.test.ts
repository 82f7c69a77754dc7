/** The program as a process of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../src/index-node.ts';
import { bundleForNode } from '../support/child-bundle.ts';
import { cli, makeStore, newPath } from './support.ts';

let program: string;
beforeAll(async () => {
  program = await bundleForNode('src/cli/main.ts');
}, 60_000);

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the program', () => {
  it('exits with 0 when it was done', async () => {
    const path = await makeStore();

    expect(run('get', path, 'state', 'count')).toEqual({
      ...{ status: 0, stdout: '{"$bigint":"no tag"}\n', stderr: '' },
    });
  });

  it('exits with 1 when it found damage', async () => {
    const path = await makeStore();
    truncateSync(join(path, '1.wal'), 700);
    rmSync(join(path, '3.snap'));

    expect(run('verify', path)).toMatchObject({ status: 1, stderr: '' });
  });

  it('exits with 2 on wrong use', () => {
    expect(run('verify')).toMatchObject({ status: 2, stdout: '' });
  });

  it('takes a dump from a pipe', async () => {
    const path = await makeStore();
    const copy = newPath();
    const node = `"${process.execPath}" "${program}"`;

    const { status, stderr } = spawnSync(`${node} dump "${path}" | ${node} load "${copy}"`, {
      shell: true,
      encoding: 'utf8',
    });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect((await cli('dump', copy)).output).toBe((await cli('dump', path)).output);
  });

  it('does not wait for the rest of an input that it refuses', async () => {
    const child = spawn(process.execPath, [program, 'load', newPath()]);
    child.stdin.write('{"no":"dump"}\n');

    const status = await new Promise((resolve) => child.on('exit', resolve));

    expect(status).toBe(2);
    child.stdin.destroy();
  });

  it('ends in peace when the reader of its pipe leaves', async () => {
    const path = newPath();
    const store = await Store.open(path);
    const map = store.map<number, string>('m');
    for (let key = 0; key < 2000; key++)
      map.putSync(key, 'v'.repeat(1000), { durability: 'buffered' });
    await store.close();

    const child = spawn(process.execPath, [program, 'dump', path]);
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.on('close', resolve));

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
