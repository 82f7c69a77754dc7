/** What all commands that read have in common. */
import { describe, expect, it, vi } from 'vitest';
import { Store } from '../../src/index-node.ts';
import { cli, contentsOf, makeStore, newPath } from './support.ts';

const READING = (path: string): string[][] => [
  ['info', path],
  ['verify', path],
  ['inspect', path, '--frames', '--blocks', '--operations'],
  ['get', path, 'balances', 'alice'],
  ['range', path, 'balances'],
  ['dump', path],
];

describe('commands that read', () => {
  it('change no byte of the directory', async () => {
    const path = await makeStore();
    const before = contentsOf(path);

    for (const words of READING(path)) {
      expect({ words, ...(await cli(...words)) }).toMatchObject({ words, exitCode: 0, errors: '' });
    }

    expect(contentsOf(path)).toEqual(before);
  });

  it('close what they open', async () => {
    const path = await makeStore();
    const opened = vi.spyOn(Store, 'open');
    const closed = vi.spyOn(Store.prototype, 'close');

    for (const words of READING(path)) await cli(...words);

    expect(opened.mock.calls.length).toBeGreaterThan(0);
    expect(closed).toHaveBeenCalledTimes(opened.mock.calls.length);
    vi.restoreAllMocks();
  });

  it('work beside a writer, and see what it has committed', async () => {
    const path = await makeStore();
    const writer = await Store.open(path);
    try {
      await writer.map('balances').put('zoe', 'new');
      const before = [...contentsOf(path).keys()];

      for (const words of READING(path)) {
        expect({ words, ...(await cli(...words)) }).toMatchObject({
          words,
          exitCode: 0,
          errors: '',
        });
      }

      expect((await cli('get', path, 'balances', 'zoe')).output).toBe('"new"\n');
      expect([...contentsOf(path).keys()]).toEqual(before);
    } finally {
      await writer.close();
    }
  });

  it('make no directory where there is none', async () => {
    const path = newPath();

    for (const words of READING(path)) await cli(...words);

    expect(() => contentsOf(path)).toThrow('ENOENT');
  });
});
