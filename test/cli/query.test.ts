import { beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../src/index-node.ts';
import { cli, makeStore, newPath } from './support.ts';

let path: string;
beforeAll(async () => {
  path = await makeStore();
});

describe('onewal get', () => {
  it.each([
    [['balances', 'alice'], '{"$bigint":"5"}'],
    [['balances', '"alice"'], '{"$bigint":"5"}'],
    [['balances', '["bob", 1]'], '{"$date":"1970-01-01T00:00:00.000Z"}'],
    [['balances', '7'], '{"$map":[[1,{"$set":["x"]}]]}'],
    [['state', 'count'], '{"$bigint":"no tag"}'],
    [['text', 'greeting'], '"höi"'],
    [['raw', '0102', '--hex'], '{"$bytes":"Aw=="}'],
    [['own', '776f7264', '--hex'], 'true'],
    [['balances', '616c696365', '--hex'], '{"$bigint":"5"}'],
  ])('prints the value of %j', async (words, value) => {
    expect(await cli('get', path, ...words)).toEqual({
      exitCode: 0,
      output: `${value}\n`,
      errors: '',
    });
  });

  it('prints nothing for a key that is not there, and says so aside', async () => {
    const answer = await cli('get', path, 'balances', 'nobody');

    expect(answer).toMatchObject({ exitCode: 0, output: '' });
    expect(answer.errors).toBe('onewal: the map has no such key\n');
  });

  it.each([
    [['nowhere', 'k'], 'NOT_FOUND'],
    [['toString', 'k'], 'NOT_FOUND'],
    [['raw', '0102'], 'KEY_INVALID'],
    [['raw', 'xyz', '--hex'], 'KEY_INVALID'],
    [['text', 'ff', '--hex'], 'KEY_INVALID'],
    [['balances', '{"a":1}'], 'KEY_INVALID'],
    [['balances', '{"$what":1}'], 'KEY_INVALID'],
    [['balances', '{"$undefined":true}'], 'INVALID_ARGUMENT'],
  ])('refuses %j', async (words, code) => {
    const { exitCode, errors } = await cli('get', path, ...words);

    expect(exitCode).toBe(2);
    expect(errors).toMatch(new RegExp(`^onewal: ${code}: .*\n$`));
  });
});

describe('onewal range', () => {
  let letters: string;
  beforeAll(async () => {
    letters = newPath();
    const store = await Store.open(letters);
    const map = store.map('m');
    for (const key of ['-a', 'a', 'ab', 'b', 'c', 'd']) await map.put(key, key.length);
    await store.close();
  });

  it.each([
    [[], ['-a', 'a', 'ab', 'b', 'c', 'd']],
    [
      ['--start', 'ab', '--end', 'd'],
      ['ab', 'b', 'c'],
    ],
    [
      ['--prefix', 'a'],
      ['a', 'ab'],
    ],
    [
      ['--reverse', '--limit', '2'],
      ['d', 'c'],
    ],
    [['--limit', '0'], []],
    [['--start=-a', '--end=a'], ['-a']],
    [
      ['--hex', '--start', '63'],
      ['c', 'd'],
    ],
  ])('gives the entries of %j', async (options, keys) => {
    const entries = await cli('range', letters, 'm', ...options);
    const alone = await cli('range', letters, 'm', '--keys', ...options);

    expect(entries.output).toBe(
      keys.map((key) => `{"key":"${key}","value":${key.length}}\n`).join(''),
    );
    expect(alone.output).toBe(keys.map((key) => `"${key}"\n`).join(''));
    expect(entries.exitCode).toBe(0);
  });
});
