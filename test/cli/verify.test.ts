import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, copyOf, makeStore } from './support.ts';

async function verify(path: string) {
  const { exitCode, output } = await cli('verify', path, '--json');
  return { exitCode, report: JSON.parse(output) };
}

async function flipped(name: string, offset: number, sound?: string): Promise<string> {
  const path = copyOf(sound ?? (await makeStore()));
  const bytes = readFileSync(join(path, name));
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(join(path, name), bytes);
  return path;
}

describe('onewal verify', () => {
  it('finds a sound store sound', async () => {
    const { exitCode, report } = await verify(await makeStore());

    expect(exitCode).toBe(0);
    expect(report).toMatchObject({ result: 'sound', sequence: 11, damage: [], notes: [] });
  });

  it('counts what costs nothing yet as damage: one copy of a header', async () => {
    const { exitCode, report } = await verify(await flipped('2.wal', 20));

    expect(exitCode).toBe(1);
    expect(report.notes).toEqual(['2.wal: one copy of the header is damaged']);
    expect(report.advice).toHaveLength(1);
  });

  it('reads every block, and says that safe opens what it does not read', async () => {
    const { exitCode, report } = await verify(await flipped('3.snap', 512 + 20));

    expect({ exitCode, result: report.result }).toEqual({ exitCode: 1, result: 'damaged' });
    expect(report.damage).toContainEqual({
      ...{ file: '3.snap', offset: 512, reason: 'block checksum is wrong' },
    });
    expect(report.advice[0]).toMatch(/^safe: opens at commit 11, .*cannot be read$/);
    expect(report.advice[2]).toBe('point-in-time: opens at commit 11, no commit known to be lost');
  });

  it('reads WALs that no open needs any more', async () => {
    const { exitCode, report } = await verify(await flipped('1.wal', 8192 + 100));

    expect(exitCode).toBe(1);
    expect(report.result).toBe('damaged, and no commit that any file knows of is lost');
    expect(report.damage).toEqual([
      { file: '1.wal', offset: 8192, reason: 'the frame checksum does not match' },
    ]);
    expect(report.advice).toHaveLength(1);
  });

  it('names what safe does without: a snapshot that older files stand in for', async () => {
    const path = await makeStore();
    const size = statSync(join(path, '3.snap')).size;

    const { exitCode, report } = await verify(await flipped('3.snap', size - 100, path));

    expect(exitCode).toBe(1);
    expect(report.damage).toMatchObject([{ file: '3.snap', reason: 'footer checksum is wrong' }]);
    expect(report.advice[0]).toBe('safe: opens at commit 11, no commit known to be lost');
  });

  it('names a file that is missing', async () => {
    const path = copyOf(await makeStore());
    rmSync(join(path, '2.wal'));

    const { exitCode, report } = await verify(path);

    expect(exitCode).toBe(1);
    expect(report.refusal).toMatch(/^MISSING_FILE: 2\.wal/);
  });
});
