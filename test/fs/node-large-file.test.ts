/** Who removes or closes a large file does not wait for its blocks, unless somebody may need them. */
import * as nodeFs from 'node:fs';
import { mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { NodeFileSystem } from '../../src/fs/node.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof nodeFs>();
  const watched = ['close', 'closeSync', 'openSync', 'statfsSync', 'unlinkSync'];
  const spies = watched.map((name) => [name, vi.fn(Reflect.get(fs, name))]);
  return { ...fs, ...Object.fromEntries(spies) };
});

const LARGE_SIZE = 4 << 20;
const root = realpathSync(mkdtempSync(join(tmpdir(), 'onewal-large-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => vi.clearAllMocks());

const fs = new NodeFileSystem(root);
fs.lock();

describe.runIf(process.platform !== 'win32')('a large file', () => {
  test('that is removed is held until its name is gone, and closed on another thread', async () => {
    fileOf(LARGE_SIZE);

    fs.remove('1.snap');

    expect(nodeFs.closeSync).not.toHaveBeenCalled();
    const [descriptor] = vi.mocked(nodeFs.close).mock.calls[0] ?? [];
    expect(orderOf(nodeFs.openSync)).toBeLessThan(orderOf(nodeFs.unlinkSync));
    expect(orderOf(nodeFs.unlinkSync)).toBeLessThan(orderOf(nodeFs.close));
    await expectClosed(descriptor as number);
    expect(fs.list()).not.toContain('1.snap');
  });

  test('that is closed behind its removal is freed on another thread, too', async () => {
    fileOf(LARGE_SIZE);
    const file = fs.open('1.snap', 'read');
    fs.remove('1.snap');
    vi.clearAllMocks();

    file.close();

    expect(nodeFs.closeSync).not.toHaveBeenCalled();
    await expectClosed(vi.mocked(nodeFs.close).mock.calls[0]?.[0] as number);
  });

  test('is removed at once where room is scarce, so that it can be used', () => {
    fileOf(LARGE_SIZE);
    const scarce = { bavail: 1000, bsize: 4096 } as nodeFs.StatsFs;
    vi.mocked(nodeFs.statfsSync).mockReturnValueOnce(scarce as never);

    fs.remove('1.snap');

    expect(nodeFs.unlinkSync).toHaveBeenCalledOnce();
    expect(nodeFs.openSync).not.toHaveBeenCalled();
    expect(nodeFs.close).not.toHaveBeenCalled();
  });
});

test('a small file is closed before the call returns', () => {
  fileOf(LARGE_SIZE - 1);

  fs.open('1.snap', 'read').close();

  expect(nodeFs.closeSync).toHaveBeenCalledOnce();
  fs.remove('1.snap');
  expect(nodeFs.close).not.toHaveBeenCalled();
});

test('a missing file is fine, and a link in its place is removed, not followed', () => {
  fs.remove('2.snap');
  fileOf(LARGE_SIZE);
  nodeFs.symlinkSync(join(root, '1.snap'), join(root, '2.snap'));

  fs.remove('2.snap');

  expect(nodeFs.readdirSync(root)).toContain('1.snap');
  expect(nodeFs.readdirSync(root)).not.toContain('2.snap');
});

function fileOf(size: number): void {
  writeFileSync(join(root, '1.snap'), '');
  truncateSync(join(root, '1.snap'), size);
  vi.clearAllMocks();
}

function orderOf(spy: unknown): number {
  return vi.mocked(spy as typeof nodeFs.close).mock.invocationCallOrder[0] ?? 0;
}

async function expectClosed(descriptor: number): Promise<void> {
  await vi.waitFor(() =>
    expect(() => nodeFs.fstatSync(descriptor)).toThrow(expect.objectContaining({ code: 'EBADF' })),
  );
}
