import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { cli, makeStore, newPath } from './support.ts';

describe('the command line', () => {
  it('prints its help, and that of every command', async () => {
    const general = await cli('--help');

    expect(general).toMatchObject({ exitCode: 0, errors: '' });
    for (const { name, summary } of COMMANDS) {
      const help = await cli(name, 'anything', '--help');

      expect(general.output).toContain(summary);
      expect(help).toMatchObject({ exitCode: 0, errors: '' });
      expect(help.output).toContain(`usage: onewal ${name} `);
    }
  });

  it('documents every option of every command', async () => {
    for (const { name, options } of COMMANDS) {
      const { output } = await cli(name, '--help');

      for (const option of Object.keys(options)) expect(output).toContain(`--${option}`);
    }
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

    expect(await cli('--version')).toEqual({ exitCode: 0, output: `${version}\n`, errors: '' });
  });

  it.each([
    [[], 'a command is missing'],
    [['explode'], 'there is no command explode'],
    [['info'], 'an operand is missing'],
    [['info', 'a', 'b'], 'one operand too many: b'],
    [['info', 'a', '--loud'], '--loud'],
    [['get', 'a', 'b'], 'an operand is missing'],
    [['range', 'a', 'b', '--start'], '--start'],
    [['load', 'a', 'b', 'c'], 'one operand too many: c'],
  ])('refuses %j as wrong use', async (words, reason) => {
    const { exitCode, output, errors } = await cli(...words);

    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    expect(errors).toContain('usage: onewal');
    expect(errors.trimEnd().split('\n').at(-1)).toMatch(/^onewal: INVALID_ARGUMENT: /);
    expect(errors).toContain(reason);
  });

  it('refuses numbers and modes that are none', async () => {
    const path = await makeStore();

    for (const words of [
      ['range', path, 'state', '--limit', 'many'],
      ['inspect', path, '--limit', 'many'],
      ['inspect', path, '--limit', '-1'],
      ['info', path, '--recovery', 'hope'],
    ]) {
      const { exitCode, errors } = await cli(...words);

      expect({ words, exitCode }).toEqual({ words, exitCode: 2 });
      expect(errors).toContain('onewal: INVALID_ARGUMENT: ');
    }
  });

  it('says in one line that there is no store', async () => {
    for (const words of [['info'], ['verify'], ['inspect'], ['dump'], ['get'], ['range']]) {
      const operands = { get: ['m', 'k'], range: ['m'] }[words[0] as string] ?? [];
      const answer = await cli(...words, newPath(), ...operands);

      expect(answer).toMatchObject({ exitCode: 2, output: '' });
      expect(answer.errors).toMatch(/^onewal: NOT_FOUND: .*\n$/);
    }
  });
});
