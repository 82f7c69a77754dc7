// @ts-check
/** Asks one question of one engine, in a process that has done nothing else. */
import { writeSync } from 'node:fs';
import { ask } from './ask.mjs';

const RESULT_DESCRIPTOR = 3;

const figures = await ask(JSON.parse(process.argv[2] ?? ''));
writeSync(RESULT_DESCRIPTOR, JSON.stringify(figures));
