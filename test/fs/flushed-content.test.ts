import { expect, test } from 'vitest';
import { FlushedContent } from '../../src/fs/flushed-content.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

test('what the host has is not written again', () => {
  const content = new FlushedContent(bytes(1, 2));
  expect(content.isClean).toBe(true);

  content.append(bytes(3));

  expect(content.nextStep(10)).toEqual({ kind: 'append', bytes: bytes(3), offset: 2 });
});

test('a step that failed makes somebody look before the next', () => {
  const content = new FlushedContent(bytes(1, 2));
  content.append(bytes(3, 4));
  content.nextStep(10);
  content.failed();
  expect(() => content.expectHostSize(1)).toThrow(expect.objectContaining({ code: 'EIO' }));

  content.expectHostSize(3);

  expect(content.nextStep(10)).toEqual({ kind: 'cut', size: 2 });
});

test('the host’s file is not another size than it was left with', () => {
  const content = new FlushedContent(bytes(1, 2));

  expect(() => content.expectHostSize(3)).toThrow(expect.objectContaining({ code: 'EIO' }));
});

test('a cut below a step that is under way is made good behind it', () => {
  const content = new FlushedContent();
  content.append(bytes(1, 2, 3));
  const step = content.nextStep(10);
  content.truncate(1);
  content.append(bytes(9));

  if (step !== undefined) content.done(step);

  const cut = { kind: 'cut', size: 1 } as const;
  expect(content.nextStep(10)).toEqual(cut);
  content.done(cut);
  expect(content.nextStep(10)).toEqual({ kind: 'append', bytes: bytes(9), offset: 1 });
});
