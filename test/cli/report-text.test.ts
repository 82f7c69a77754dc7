import { expect, test } from 'vitest';
import { reportText } from '../../src/cli/report-text.ts';

test('a table has more rows than a call takes arguments', () => {
  const operations = Array.from({ length: 150_000 }, (_, row) => ({ row, text: 'x' }));
  const lines = reportText({ operations }).split('\n');

  expect(lines).toHaveLength(150_002);
  expect(lines.at(-1)).toBe('  149999  x');
});
