/** Files laid out by hand, every block sound and pointed at rightly, that no writer lays out so. */
import { expect, test } from 'vitest';
import { utf8Encode } from '../../src/bytes/bytes.ts';
import type { BlockPointer } from '../../src/snapshot/block.ts';
import { BlockBuilder, pointerEntry } from '../../src/snapshot/block-builder.ts';
import { FileAppender } from '../../src/snapshot/file-appender.ts';
import { buildFilter, hashKey } from '../../src/snapshot/filter.ts';
import { encodeFooter, rootOf } from '../../src/snapshot/footer.ts';
import { encodeHeader, FORMAT } from '../../src/snapshot/format.ts';
import { SequenceIds } from '../../src/snapshot/sequence-ids.ts';
import { BytesFile, damageOf, makePlan } from './support.ts';

/** Lays blocks into a file, one after the other. */
class Layout {
  readonly file = new BytesFile();
  readonly output = new FileAppender(this.file);
  private readonly data: BlockPointer[] = [];

  constructor() {
    this.output.append(encodeHeader({ ...makePlan([]), format: FORMAT }));
  }

  /** A data block of keys without values. */
  keys(...keys: string[]): BlockPointer {
    const builder = new BlockBuilder();
    for (const key of keys) {
      const bytes = utf8Encode(key);
      const end = bytes.length;
      const value = { valueStart: end, valueEnd: end, isTombstone: false };
      builder.add({ bytes, keyStart: 0, keyEnd: end, ...value });
    }
    const block = this.lay(builder, { level: 0, count: keys.length });
    this.data.push(block);
    return block;
  }

  page(
    children: readonly (readonly [string, BlockPointer])[],
    place: { readonly level: number; readonly keys?: readonly string[] },
  ): BlockPointer {
    const builder = new BlockBuilder();
    for (const [key, child] of children) builder.add(pointerEntry(utf8Encode(key), child));
    const count = children.reduce((sum, [, child]) => sum + child.count, 0);
    return this.lay(builder, { level: place.level, count }, place.keys);
  }

  /** The file with a tree of sequence ids and a footer; its blocks described: `blocks` of them. */
  finish(top: BlockPointer & { readonly height: number }, blocks = this.data.length): Uint8Array {
    const builder = new BlockBuilder();
    const ids = new SequenceIds();
    for (const { offset, count } of this.data.slice(0, blocks)) {
      for (let i = 0; i < count; i++) ids.add(1);
      builder.add(ids.take(offset));
    }
    const sequences = { ...this.lay(builder, { level: 0, count: blocks }), height: 0 };
    const described = { id: 1, name: 'm', keyEncoding: 'utf8', valueEncoding: 'utf8', bytes: 0 };
    const maps = [{ ...described, count: top.count, entries: top, sequences }];
    const footer = { ...makePlan([]), nextMapId: 2, format: FORMAT, maps, root: rootOf(maps) };
    this.output.append(encodeFooter(footer, this.output.offset).bytes);
    this.output.flush();
    return this.file.bytes;
  }

  private lay(
    builder: BlockBuilder,
    block: { readonly level: number; readonly count: number },
    keys: readonly string[] = [],
  ): BlockPointer {
    const { offset } = this.output;
    const hashes = Uint32Array.from(keys, (key) => hashKey(utf8Encode(key), 0, key.length));
    const { bytes, hash } = builder.seal({ offset, level: block.level }, buildFilter(hashes));
    this.output.append(bytes);
    return { offset, length: bytes.length, count: block.count, hash };
  }
}

const reasonsOf = (file: Uint8Array) => damageOf(file).map(({ reason }) => reason);

/** Two pages of two data blocks each; the second page under the key `second`. */
function twoPages(second: string, separator = 'c'): Uint8Array {
  const layout = new Layout();
  const a = layout.keys('a');
  const b = layout.keys('b');
  const left = layout.page(
    [
      ['', a],
      ['b', b],
    ],
    { level: 1, keys: ['a', 'b'] },
  );
  const c = layout.keys('c');
  const d = layout.keys('d');
  const right = layout.page(
    [
      [separator, c],
      ['d', d],
    ],
    { level: 1, keys: ['c', 'd'] },
  );
  const top = layout.page(
    [
      ['', left],
      [second, right],
    ],
    { level: 2 },
  );
  return layout.finish({ ...top, height: 2 });
}

test('a file laid out by hand as a writer would is sound', () => {
  expect(reasonsOf(twoPages('c'))).toEqual([]);
});

test('a page whose first key is not the one that leads to it is damage', () => {
  expect(reasonsOf(twoPages('bb'))).toEqual(['page has another first key']);
});

test('a separator that is not above the block before, or not the shortest, is damage', () => {
  expect(reasonsOf(twoPages('bx', 'bx'))).toEqual(['key of the block in its page is wrong']);
  expect(reasonsOf(twoPages('cc', 'cc'))).toEqual(['key of the block in its page is wrong']);
});

test('bytes between two blocks are damage', () => {
  const layout = new Layout();
  layout.output.append(new Uint8Array(100));
  const top = layout.keys('a');

  const reasons = reasonsOf(layout.finish({ ...top, height: 0 }));

  expect(reasons).toEqual(['block does not stand where the one before it ends, at 512']);
});

test('keys that go back from one block to the next are damage', () => {
  const layout = new Layout();
  const first = layout.keys('a', 'c');
  const second = layout.keys('b');
  const top = layout.page(
    [
      ['', first],
      ['b', second],
    ],
    { level: 1, keys: ['a', 'b', 'c'] },
  );

  const reasons = reasonsOf(layout.finish({ ...top, height: 1 }));

  expect(reasons).toEqual(['keys are not above those of the block before']);
});

test('a key that ends one block and begins the next is damage', () => {
  const layout = new Layout();
  const first = layout.keys('a', 'b');
  const second = layout.keys('b', 'c');
  const top = layout.page(
    [
      ['', first],
      ['b', second],
    ],
    { level: 1, keys: ['a', 'b', 'b', 'c'] },
  );

  const reasons = reasonsOf(layout.finish({ ...top, height: 1 }));

  expect(reasons).toEqual(['keys are not above those of the block before']);
});

test('a block without sequence ids is damage', () => {
  const layout = new Layout();
  const first = layout.keys('a');
  const second = layout.keys('b');
  const top = layout.page(
    [
      ['', first],
      ['b', second],
    ],
    { level: 1, keys: ['a', 'b'] },
  );

  const reasons = reasonsOf(layout.finish({ ...top, height: 1 }, 1));

  expect(reasons).toEqual([`no sequence ids for the block at ${second.offset}`]);
});

test('sequence ids under the offset of no block are damage', () => {
  const layout = new Layout();
  const unused = layout.keys('a');
  const top = layout.keys('b');

  const reasons = reasonsOf(layout.finish({ ...top, height: 0 }));

  expect(reasons).toContain(`sequence ids of the block at ${top.offset}: missing`);
  expect(unused.offset).toBe(512);
});
