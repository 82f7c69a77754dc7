// @ts-check
import { timed } from '../harness/clock.mjs';

/** @import { Question } from '../harness/types.ts' */

const CHAIN_LENGTH_MAX = 1000;
const SHARE = 10; // of the entries of the scale
const SEED = '1';

/** @type {Question} */
export const agents = {
  name: 'agents',
  asks: 'How many triggers of autonomous agents are answered, each in one durable transaction?',
  directory: 'empty',
  engines: 'onewal',
  rows: [{ name: 'answers', unit: 'per second' }],
  async measure({ directory, scale }) {
    // Imported late, as they import the engine, whose import is measured elsewhere.
    const { NodeFileSystem } = await import('onewal/node');
    const { chainOf } = await import('../../docs/examples/aa/chain.mjs');
    const { followChain } = await import('../../docs/examples/aa/follow-chain.mjs');
    const { OneStore } = await import('../../docs/examples/aa/one-store.mjs');
    const chain = chainOf(SEED, Math.min(CHAIN_LENGTH_MAX, Math.ceil(scale.entries / SHARE)));
    const node = await OneStore.open([new NodeFileSystem(directory)]);
    let count = 0;
    const milliseconds = await timed(() =>
      followChain(node, chain, () => {
        count += 1;
      }),
    );
    await node.close();
    return { answers: (count * 1000) / milliseconds };
  },
};
