/** What was asked for after `npm run prove --`. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Scale } from './gate.ts';

export const USAGE = `usage: npm run prove -- [--ci | --long] [--only GATE[,GATE]] [--piece N] [--resume]
                        [--seed N] [--workers N] [--list] [--help]

  --ci          a share of it, in minutes
  --long        more of it than anybody waits for: leave it over night
  --only GATE   these gates alone
  --piece N     this piece alone, of the one gate that --only names: a failure made again
  --resume      goes on behind the pieces that a stopped run of the same sources has finished
  --seed N      shifts whatever is chosen by chance; 0 by default
  --workers N   processes; 2 by default, 1 on a machine with one core
  --list        names the gates, what they hold, and their pieces`;

const OPTIONS = {
  ci: { type: 'boolean', default: false },
  long: { type: 'boolean', default: false },
  only: { type: 'string' },
  piece: { type: 'string' },
  resume: { type: 'boolean', default: false },
  seed: { type: 'string', default: '0' },
  workers: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export interface Wish {
  readonly scale: Scale;
  /** All of them, unless given. */
  readonly only: readonly string[] | undefined;
  readonly piece: number | undefined;
  readonly seed: number;
  readonly workerCount: number;
  readonly resume: boolean;
  readonly action: 'prove' | 'list' | 'help';
}

/** Throws what is wrong with it, in words. */
export function readCommandLine(words: readonly string[]): Wish {
  const { values } = parseArgs({ args: [...words], options: OPTIONS });
  if (values.ci && values.long) throw new Error('--ci or --long, not both');
  const only = values.only?.split(',');
  if (values.piece !== undefined && only?.length !== 1) {
    throw new Error('--piece is one of the gate that --only names');
  }
  return {
    scale: values.ci ? 'ci' : values.long ? 'long' : 'full',
    only,
    piece: wholeNumber('piece', values.piece),
    seed: wholeNumber('seed', values.seed) ?? 0,
    workerCount: Math.max(1, wholeNumber('workers', values.workers) ?? defaultWorkerCount()),
    resume: values.resume,
    action: values.help ? 'help' : values.list ? 'list' : 'prove',
  };
}

function defaultWorkerCount(): number {
  return Math.min(2, availableParallelism());
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} ${text} is no number`);
  return Number(text);
}
