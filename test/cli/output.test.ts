import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { Store } from '../../src/index-node.ts';
import { Collector, newPath } from './support.ts';

const ENTRY_COUNT = 300;

async function largeStore(): Promise<string> {
  const path = newPath();
  const store = await Store.open(path);
  const map = store.map<number, string>('m');
  for (let key = 0; key < ENTRY_COUNT; key++) map.putSync(key, 'v'.repeat(1000));
  await store.close();
  return path;
}

async function dumpInto(output: Writable, errors = new Collector()) {
  const input = (async function* () {})();
  const exitCode = await runCli(['dump', await largeStore()], { input, output, errors });
  return { exitCode, errors: errors.text };
}

describe('the output', () => {
  it('waits for its reader', async () => {
    let waiting = 0;
    let waitingMax = 0;
    const slow = new Writable({
      write(chunk: Buffer, _encoding, done) {
        waiting += chunk.length;
        waitingMax = Math.max(waitingMax, waiting + slow.writableLength - chunk.length);
        setImmediate(() => {
          waiting -= chunk.length;
          done();
        });
      },
    });

    expect(await dumpInto(slow)).toEqual({ exitCode: 0, errors: '' });
    expect(waitingMax).toBeLessThan(80 << 10);
  });

  it('ends in peace when its reader does', async () => {
    let count = 0;
    const head = new Writable({
      write(_chunk, _encoding, done) {
        count++;
        done(count < 3 ? null : Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });

    expect(await dumpInto(head)).toEqual({ exitCode: 0, errors: '' });
    expect(count).toBe(3);
  });

  it('tells of a disk that is full', async () => {
    const full = new Writable({
      write: (_chunk, _encoding, done) =>
        done(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })),
    });

    expect(await dumpInto(full)).toEqual({
      exitCode: 2,
      errors: 'onewal: ENOSPC: no space left\n',
    });
  });
});

describe('the progress of a dump', () => {
  it('is shown on a terminal, and wiped away', async () => {
    const { errors } = await dumpInto(new Collector(), new Collector({ isTTY: true }));

    expect(errors).toContain(`] 50% 150/${ENTRY_COUNT}`);
    expect(errors.endsWith('] 100% 300/300\r\u001b[K')).toBe(true);
  });

  it('is not shown in a pipe', async () => {
    expect(await dumpInto(new Collector())).toEqual({ exitCode: 0, errors: '' });
  });
});
