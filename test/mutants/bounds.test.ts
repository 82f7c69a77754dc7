/** What keeps a mutant from taking the machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { groupMemory, stopGroup } from './bounds.mjs';

const HUNGRY = `
  const held = [];
  for (let i = 0; i < 64; i++) held.push(new Uint8Array(1 << 20).fill(1));
  process.stdout.write('full');
  setInterval(() => held.length, 1000);
`;

test.runIf(process.platform === 'linux')(
  'memory outside the heap is seen, that of children too, and the whole group can be ended',
  async () => {
    const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(HUNGRY)}], { stdio: 'inherit' });`;
    const group = spawn(process.execPath, ['-e', parent], { detached: true });
    await once(group.stdout, 'data');

    const size = groupMemory(group.pid);
    stopGroup(group.pid);
    await once(group, 'close');

    expect(size).toBeGreaterThan(64 << 20);
    expect(groupMemory(group.pid)).toBeLessThan(1 << 20);
  },
);

test('what has ended already is ended', () => {
  expect(() => stopGroup(undefined)).not.toThrow();
  expect(() => stopGroup(2 ** 22)).not.toThrow();
});
