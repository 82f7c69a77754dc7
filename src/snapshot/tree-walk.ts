/** Walks over a whole tree that hold one page per level at a time. */
import type { Block, BlockPointer } from './block.ts';
import type { Tree } from './tree.ts';

/** Where the data blocks of a tree are, in order, without reading them. Throws CORRUPT. */
export function* dataBlocks(tree: Tree): Generator<BlockPointer, void, void> {
  if (tree.height === 0) yield tree.top;
  else yield* dataBlocksBelow(tree, tree.root());
}

function* dataBlocksBelow(tree: Tree, page: Block): Generator<BlockPointer, void, void> {
  for (let i = 0; i < page.count; i++) {
    if (page.level === 1) yield page.child(i);
    else yield* dataBlocksBelow(tree, tree.source.child(page, i));
  }
}
