/**
 * BLAKE3 checksums, and the only importer of its two providers: hash-wasm where WebAssembly may
 * run, @noble/hashes until that is ready and where a content policy forbids it. Both give the same
 * digests; only the speed differs.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { createBLAKE3 } from 'hash-wasm';
import { assert } from '../assert.ts';

export const CHECKSUM_SIZE = 32;

const KEY_SIZE = 32;
/** Crossing into WebAssembly costs more than copying this much. */
const GATHERED_SIZE_MAX = 4096;

type Hasher = Awaited<ReturnType<typeof createBLAKE3>>;

// hash-wasm keeps a view of the key it is given and copies it in again at each init. So one keyed
// hasher serves every key: the key of the call is laid here first.
const currentKey = new Uint8Array(KEY_SIZE);
const gathered = new Uint8Array(GATHERED_SIZE_MAX);
let hashers: { readonly plain: Hasher; readonly keyed: Hasher } | undefined;

/** Resolves when the WebAssembly provider is in use or has been given up. Never rejects. */
export const checksumReady: Promise<void> = loadHashers();

/** The BLAKE3 digest of the parts laid end to end, keyed when a 32-byte key is given. Fresh bytes. */
export function checksum(parts: readonly Uint8Array[], key?: Uint8Array): Uint8Array {
  assert(key === undefined || key.length === KEY_SIZE, 'a checksum key has 32 bytes');
  if (hashers === undefined) return checksumInScript(parts, key);
  if (key !== undefined) currentKey.set(key);
  const hasher = (key === undefined ? hashers.plain : hashers.keyed).init();
  for (const part of gather(parts)) hasher.update(part);
  return hasher.digest('binary');
}

function checksumInScript(parts: readonly Uint8Array[], key?: Uint8Array): Uint8Array {
  const hasher = blake3.create(key === undefined ? {} : { key });
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** Small parts as one, so that they cross into WebAssembly once. */
function gather(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  if (parts.length < 2) return parts;
  let size = 0;
  for (const part of parts) size += part.length;
  if (size > GATHERED_SIZE_MAX) return parts;
  let offset = 0;
  for (const part of parts) {
    gathered.set(part, offset);
    offset += part.length;
  }
  return [gathered.subarray(0, size)];
}

async function loadHashers(): Promise<void> {
  try {
    const plain = await createBLAKE3();
    const keyed = await createBLAKE3(8 * CHECKSUM_SIZE, currentKey);
    hashers = { plain, keyed };
  } catch {
    // No WebAssembly, or a policy against it: checksumInScript goes on.
  }
}
