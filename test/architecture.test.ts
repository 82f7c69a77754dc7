import { describe, expect, it } from 'vitest';
import { contentRules } from './architecture/content-rules.ts';
import { importRules } from './architecture/import-rules.ts';
import { parseSource, readSources } from './architecture/source.ts';

const sources = readSources();

for (const { sentence, find, broken } of [...importRules, ...contentRules]) {
  describe(sentence, () => {
    it('in all of src', () => {
      expect(find(sources)).toEqual([]);
    });

    it('or it is seen', () => {
      for (const files of broken) {
        const parsed = Object.entries(files).map(([path, text]) => parseSource(path, text));

        expect(find(parsed)).toHaveLength(1);
      }
    });
  });
}
