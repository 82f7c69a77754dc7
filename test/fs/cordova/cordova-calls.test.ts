import { expect, test } from 'vitest';
import { entriesOf } from '../../../src/fs/cordova-calls.ts';
import type { PluginDirectory, PluginEntry } from '../../../src/fs/cordova-page.ts';

test('a directory is listed also where a WebView gives all of its many entries at once', async () => {
  const entries = Array.from({ length: 200_000 }, () => ({ isFile: true }) as PluginEntry);
  const answers = [entries, []];
  const directory = {
    name: 'many',
    createReader: () => ({
      readEntries: (success: (some: PluginEntry[]) => void) => success(answers.shift() ?? []),
    }),
  } as unknown as PluginDirectory;

  const listed = await entriesOf(directory);

  expect(listed).toHaveLength(200_000);
});
