// @ts-check
/**
 * What does a store of a million entries cost? Loads it, reopens it in a fresh process, serves the
 * first read, and prints times and memory.
 *
 *     npm run bench:million [-- --entries N]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const KEY_SIZE = 20;
const VALUE_SIZE = 100;
const BATCH_COUNT = 1000;
/** The default of 64 MiB holds most of such a store; this shows that it need not. */
const CACHE_BYTES = 8 << 20;

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    part: { type: 'string' },
    directory: { type: 'string' },
  },
});
const count = Number(values.entries);
if (!Number.isSafeInteger(count) || count < 1) {
  console.error('usage: npm run bench:million [-- --entries N]');
  process.exit(2);
}

if (values.part === 'load') await load(String(values.directory));
else if (values.part === 'read') await read(String(values.directory));
else run();

function run() {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-million-'));
  try {
    const loaded = part('load', directory);
    const bytes = sizeOf(directory);
    const opened = part('read', directory);
    console.log(
      `entries                 ${count} (${KEY_SIZE}-byte keys, ${VALUE_SIZE}-byte values)`,
    );
    console.log(`block cache             ${CACHE_BYTES >> 20} MiB`);
    console.log(
      `load, durable at end    ${loaded.seconds.toFixed(2)} s, ${Math.round(count / loaded.seconds)} entries/s`,
    );
    console.log(`memory while loading    ${loaded.peakMiB.toFixed(0)} MiB at most (whole process)`);
    console.log(`bytes on disk           ${bytes}, ${(bytes / count).toFixed(1)} per entry`);
    console.log(`import                  ${opened.importMs.toFixed(1)} ms`);
    console.log(`open                    ${opened.openMs.toFixed(1)} ms`);
    console.log(`first read              ${opened.readMs.toFixed(1)} ms`);
    console.log(`memory after the read   ${opened.peakMiB.toFixed(0)} MiB at most (whole process)`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {'load' | 'read'} name @param {string} directory */
function part(name, directory) {
  const script = fileURLToPath(import.meta.url);
  const args = [script, '--part', name, '--directory', directory, '--entries', String(count)];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) process.exit(1);
  return JSON.parse(stdout);
}

/** @param {string} directory */
async function load(directory) {
  const { Store } = await import('onewal');
  const begun = performance.now();
  const store = await Store.open(directory, { cacheBytes: CACHE_BYTES });
  const map = store.map('entries', { key: 'binary', value: 'binary' });
  const order = shuffled(count);
  for (let start = 0; start < count; start += BATCH_COUNT) {
    const end = Math.min(count, start + BATCH_COUNT);
    const writes = Array.from({ length: end - start }, (_, i) => {
      const n = order[start + i] ?? 0;
      return /** @type {const} */ ({ type: 'put', map, key: keyOf(n), value: contentOf(n) });
    });
    await store.batch(writes, { durability: 'buffered' });
  }
  await store.flush();
  const seconds = (performance.now() - begun) / 1000;
  await store.close();
  report({ seconds, peakMiB: peakMiB() });
}

/** @param {string} directory */
async function read(directory) {
  const begun = performance.now();
  const { Store } = await import('onewal');
  const imported = performance.now();
  const store = await Store.open(directory, { create: false, cacheBytes: CACHE_BYTES });
  const opened = performance.now();
  const map = store.map('entries', { key: 'binary', value: 'binary' });
  const n = Math.floor(count / 2);
  const value = map.get(keyOf(n));
  const done = performance.now();
  const expected = contentOf(n);
  if (
    !(value instanceof Uint8Array) ||
    Buffer.compare(value, expected) !== 0 ||
    map.getCount() !== count
  ) {
    throw new Error('the store does not hold what was loaded');
  }
  await store.close();
  report({
    importMs: imported - begun,
    openMs: opened - imported,
    readMs: done - opened,
    peakMiB: peakMiB(),
  });
}

/** @param {Record<string, number>} figures */
function report(figures) {
  process.stdout.write(JSON.stringify(figures));
}

/** The most memory the process ever had, in MiB. `maxRSS` is in KiB. */
function peakMiB() {
  return process.resourceUsage().maxRSS / 1024;
}

/** @param {string} directory */
function sizeOf(directory) {
  return readdirSync(directory)
    .map((name) => statSync(join(directory, name)))
    .reduce((size, file) => size + (file.isFile() ? file.size : 0), 0);
}

/** @param {number} n */
function keyOf(n) {
  const key = new Uint8Array(KEY_SIZE).fill(0x30);
  const digits = String(n);
  for (let i = 0; i < digits.length; i++) {
    key[KEY_SIZE - digits.length + i] = digits.charCodeAt(i);
  }
  return key;
}

/** @param {number} n */
function contentOf(n) {
  const value = new Uint8Array(VALUE_SIZE);
  for (let i = 0; i < VALUE_SIZE; i++) value[i] = (n * 31 + i * 7) & 0xff;
  return value;
}

/** The same order every time: no run of keys comes sorted. @param {number} size */
function shuffled(size) {
  const order = new Uint32Array(size).map((_, i) => i);
  let state = 1;
  for (let i = size - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}
