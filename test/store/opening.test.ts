import { afterEach, expect, it, vi } from 'vitest';

interface WebAssemblyHost {
  readonly Module: unknown;
  readonly Instance: unknown;
  readonly Memory: unknown;
  compile(bytes: Uint8Array): Promise<unknown>;
  instantiate(module: unknown, imports?: unknown): Promise<unknown>;
}

const host = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

it('resolves with the fast checksum in use: a caller who reads in a loop would keep it out', async () => {
  const gate = gated();
  const { Module, Instance, Memory, instantiate } = host;
  vi.stubGlobal('WebAssembly', { Module, Instance, Memory, instantiate, compile: gate.compile });
  vi.resetModules();
  const { Store } = await import('../../src/index-node.ts');
  const { MemoryFileSystem } = await import('../../src/fs/memory.ts');
  let isOpen = false;

  const opening = Store.open(new MemoryFileSystem()).then((store) => {
    isOpen = true;
    return store;
  });
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  const wasOpenBefore = isOpen;
  gate.open();
  const store = await opening;

  expect(wasOpenBefore).toBe(false);
  await store.close();
});

/** Compiles nothing until it is opened. */
function gated(): { readonly compile: WebAssemblyHost['compile']; open(): void } {
  let open = (): void => undefined;
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    compile: async (bytes) => {
      await isOpen;
      return host.compile(bytes);
    },
    open,
  };
}
