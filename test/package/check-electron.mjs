/** Checks docs/examples/electron against the types of Electron, of which nothing is installed or run. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run, step } from './run.mjs';

const ELECTRON = 'electron@41.7.1';
const folder = mkdtempSync(join(tmpdir(), 'onewal-electron-'));
try {
  step(`the types of ${ELECTRON}`, () => {
    run('npm', ['pack', ELECTRON, '--pack-destination', folder], { cwd: folder });
    run('tar', ['-xf', `${ELECTRON.replace('@', '-')}.tgz`], { cwd: folder });
  });
  step('the example against them', () => checkExample(folder));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function checkExample(directory) {
  cpSync('docs/examples/electron', join(directory, 'example'), {
    recursive: true,
    filter: (path) => !path.endsWith('electron.d.ts'),
  });
  const root = resolve('.');
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      baseUrl: root,
      typeRoots: [join(root, 'node_modules', '@types')],
      ignoreDeprecations: '6.0',
      paths: {
        onewal: [join(root, 'src/index-node.ts')],
        'onewal/remote': [join(root, 'src/remote/index.ts')],
        electron: [join(directory, 'package/electron.d.ts')],
      },
    },
    include: [join(directory, 'example')],
    exclude: [],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
  run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(directory, 'tsconfig.json')]);
}
