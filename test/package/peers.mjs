/** The packages that users bring along, as they would install them. */
import { cpSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Copies a package of ours, with all it depends on, to where the app finds it. */
export function installPeer(app, name) {
  const pending = new Set([name]);
  for (const found of pending) {
    const source = resolve('node_modules', found);
    cpSync(source, join(app, 'node_modules', found), { recursive: true });
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(manifest.dependencies ?? {})) pending.add(dependency);
  }
}
