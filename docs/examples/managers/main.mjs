// @ts-check
/**
 * Exit codes: 0 all is well, 1 a transaction was not what it promises. README.md says how to read
 * the output.
 */
import { parseArgs } from 'node:util';
import { tell } from './story.mjs';

const BATCH_COUNT = 4;

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const isWell = await tell({ seed: values.seed, batchCount: BATCH_COUNT, print: console.log });
process.exitCode = isWell ? 0 : 1;
