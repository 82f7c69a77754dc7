// @ts-check
/**
 * Exit codes: 0 all is well, 1 a transaction was not what it promises. README.md says how to read
 * the output.
 */
import { parseArgs } from 'node:util';
import { tell } from './story.mjs';

const CHAIN_LENGTH = 8;

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const isWell = await tell({ seed: values.seed, chainLength: CHAIN_LENGTH, print: console.log });
process.exitCode = isWell ? 0 : 1;
