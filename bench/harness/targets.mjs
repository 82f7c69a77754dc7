// @ts-check
/** What onewal is to reach beside the best peer, beside the machine and by itself, and how far it is. */
import { compared, OURS } from './comparison.mjs';
import { BARE } from './run.mjs';
import { figure, median, times } from './table.mjs';

/** @import { Question } from './types.ts' */
/** @import { Results } from './run.mjs' */

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {string} question
 * @property {readonly string[]} rows summed up, where there are several
 * @property {'peer' | 'bare' | 'at most'} beside a ratio to the best peer or to the bare limit, at least; or a figure, at most
 * @property {number} target
 * @property {number} [moonshot]
 * @property {string} why what keeps it from more, said where the target is missed
 */

/** An entry of the benchmarks, key and value. */
const ENTRY_SIZE = 120;
const CACHE_MIB = 256;
const MEMORY_BESIDE_CACHES_MIB = 57; // 60 MB

/** @type {readonly Target[]} */
export const TARGETS = [
  {
    what: 'durable commits, one at a time, waiting',
    question: 'commits',
    rows: ['one at a time'],
    beside: 'peer',
    target: 1,
    moonshot: 1.2,
    why: "A commit that waits leaves its sync to a thread of Node's, as it must if others are to have the loop meanwhile: 84 % of a profile is idle. A bare `await fdatasync` has a quarter less speed than a blocking one on this machine, and SQLite blocks.",
  },
  {
    what: 'durable commits, one at a time, blocking',
    question: 'commits',
    rows: ['one at a time, blocking'],
    beside: 'peer',
    target: 1,
    moonshot: 1.2,
    why: '93 % of a profile is the write and the fdatasync themselves.',
  },
  {
    what: 'blocking commits beside a bare pwrite + fdatasync',
    question: 'commits',
    rows: ['one at a time, blocking'],
    beside: 'bare',
    target: 0.9,
    why: 'In a profile of such commits alone 93 % is the write and the fdatasync, and the ratio is 0.77 to 0.8; here each key and value is made within the time that is measured, as for every engine, but not for the bare loop.',
  },
  {
    what: '64 durable commits in flight',
    question: 'commits',
    rows: ['64 in flight'],
    beside: 'peer',
    target: 2,
    moonshot: 5,
    why: 'What a group shares is one write and one sync; what each commit costs by itself is JavaScript.',
  },
  {
    what: 'durable commits of 10 writes over 3 maps',
    question: 'commits',
    rows: ['10 writes over 3 maps'],
    beside: 'peer',
    target: 1,
    moonshot: 1.5,
    why: 'In a profile of such commits alone 72 % is waiting for the fdatasync on another thread, 6 % the two calls, 4 % collecting garbage; no function of ours takes 1 %. LevelDB waits in the same way.',
  },
  {
    what: 'bulk load, durable at the end',
    question: 'load',
    rows: ['random order'],
    beside: 'peer',
    target: 1,
    moonshot: 2,
    why: 'JavaScript, on one thread: of a profile of the load 34 % is applying commits (half of that: looking in the snapshots for the entry that a put replaces), 24 % writing snapshots, 12 % verifying them, 10 % collecting garbage, 7 % BLAKE3. LMDB and LevelDB do this in C and C++, LevelDB on a second thread.',
  },
  {
    what: 'random reads of all keys',
    question: 'reads',
    rows: ['random'],
    beside: 'peer',
    target: 1.5,
    moonshot: 3,
    why: 'In the seconds that are measured most blocks are met for the first time, some 50 µs each. In a profile of those reads 60 % is memory that the kernel hands out for the block: a page costs 15 µs on this machine, as a bare loop that makes arrays of 4 KiB shows. The others read pages without checksums where the system has them. Once every block is in the cache a read takes 3 to 4 µs, more than half of it in the filter and the search, waiting for memory.',
  },
  {
    what: 'hot reads, of 2,000 keys',
    question: 'reads',
    rows: ['hot'],
    beside: 'peer',
    target: 3,
    moonshot: 10,
    why: 'Most of the time goes into making each key and checking each value, as the bare loop shows, which does nothing else but `Map.get`. Of our own part 47 % of the profile is asking each snapshot (its filter, then the search in a block), 10 % collecting garbage, 8 % copying values out.',
  },
  {
    what: 'reads of absent keys',
    question: 'reads',
    rows: ['absent'],
    beside: 'peer',
    target: 1.5,
    moonshot: 3,
    why: 'Each snapshot is asked for its filter, and where that cannot deny the key, a block is searched.',
  },
  {
    what: 'full scan',
    question: 'scans',
    rows: ['full scan'],
    beside: 'peer',
    target: 3,
    moonshot: 6,
    why: 'An object, a key and a value are made for each entry.',
  },
  {
    what: 'ranges of 100',
    question: 'scans',
    rows: ['ranges of 100'],
    beside: 'peer',
    target: 3,
    moonshot: 6,
    why: 'An object, a key and a value are made for each entry.',
  },
  {
    what: 'open and first read, ms',
    question: 'opening',
    rows: ['open', 'first read'],
    beside: 'at most',
    target: 20,
    moonshot: 5,
    why: 'Of an open under strace 17 ms are waiting for BLAKE3 to be compiled from WebAssembly; recovering meanwhile with the BLAKE3 in JavaScript was tried, and takes as long. In a profile of the rest 19 ms are reading the ends of the files, 9 the lock, 3 the new WAL, all of it in functions that run for the first time.',
  },
  {
    what: 'longest stall of the event loop, ms',
    question: 'stalls',
    rows: ['longest'],
    beside: 'at most',
    target: 20,
    moonshot: 8,
    why: 'In profiles of the longest: the first turn behind the open (50 ms), in which 400 puts look for what they replace and meet each page of the snapshots for the first time; collections of garbage (16 to 23); turns in which a checkpoint that is behind does eight slices at once (20 to 35); syncs of the directory (5).',
  },
  {
    what: 'bytes on the disk for an entry of 120, compacted',
    question: 'disk',
    rows: ['compacted'],
    beside: 'at most',
    target: 1.1 * ENTRY_SIZE,
    moonshot: 1.05 * ENTRY_SIZE,
    why: 'A compacted snapshot takes 129 bytes an entry, and what it was made of stays until the next checkpoint: a snapshot that rots can be rebuilt.',
  },
  {
    what: 'memory after reads, MiB, 256 of them cache',
    question: 'memory',
    rows: ['after reads'],
    beside: 'at most',
    target: CACHE_MIB + MEMORY_BESIDE_CACHES_MIB,
    why: 'The cache, and what V8 has not collected yet.',
  },
  {
    what: 'engine and OPFS in a bundle, min + gzip, KiB',
    question: 'size',
    rows: ['core and OPFS'],
    beside: 'at most',
    target: 40,
    moonshot: 25,
    why: 'Commits, recovery, snapshots, transactions, and the words of its errors: no one part is to blame. With two letters for each property, private or public, without any sentence of an error and without BLAKE3 in WebAssembly the same code would still take 59 KiB: 40 is a third less code, not tighter packing. BLAKE3 in WebAssembly takes 10 KiB with what loads it, the sentences 5; private names have few letters already, which gave 1, and the WebAssembly is in hexadecimal, which gzip makes less of than of base64, and gave 1.4. The sizes are of 2026-11-28, newer than the rest of the table.',
  },
];

/** @param {readonly Question[]} questions @param {Results} results */
export function targetsSection(questions, results) {
  const seen = TARGETS.map((target) => ({ target, value: seenOf(target, questions, results) }));
  const rows = seen.map(({ target, value }) => {
    const show = target.beside === 'at most' ? figure : times;
    const reached = value === undefined ? '-' : reachedOf(target, value);
    const bare = show(bareOf(target, questions, results));
    return `| ${target.what} | ${show(target.target)} | ${show(target.moonshot)} | ${show(value)} | ${bare} | ${reached} |`;
  });
  const missed = seen.filter(
    ({ target, value }) => value !== undefined && reachedOf(target, value) === 'no',
  );
  return [
    '### Targets\n',
    'Set before there was anything to measure: ratios to the best peer or to the bare machine, at least, or figures, at most.',
    '"bare" is the ratio of the bare loop to the best peer, through the same harness: what no engine here could pass by much.\n',
    `| what | target | moonshot | seen | bare | reached |\n| --- | ---: | ---: | ---: | ---: | --- |\n${rows.join('\n')}\n`,
    ...(missed.length === 0 ? [] : ['What keeps the others:\n']),
    missed.map(({ target }) => `- **${target.what}**: ${target.why}`).join('\n'),
    '',
  ].join('\n');
}

/** @param {Target} target @param {readonly Question[]} questions @param {Results} results */
function seenOf(target, questions, results) {
  const { question, rows, beside } = target;
  if (beside === 'peer') return comparisonOf(target, questions, results)?.ratio;
  const ours = sumOf(results[OURS]?.[question], rows);
  if (beside === 'at most') return ours;
  const limit = sumOf(results[BARE]?.[question], rows);
  return ours === undefined || limit === undefined ? undefined : ours / limit;
}

/** What a bare loop would reach of a target beside peers. @param {Target} target @param {readonly Question[]} questions @param {Results} results */
function bareOf(target, questions, results) {
  if (target.beside !== 'peer') return undefined;
  const comparison = comparisonOf(target, questions, results);
  const best = comparison?.engines[comparison.best ?? '']?.value;
  return best === undefined || comparison?.bare === undefined ? undefined : comparison.bare / best;
}

/** Of the first row. @param {Target} target @param {readonly Question[]} questions @param {Results} results */
function comparisonOf({ question, rows }, questions, results) {
  const asked = questions.filter(({ name }) => name === question);
  return compared(asked, results).find(({ row }) => row === rows[0]);
}

/** @param {Record<string, number[]> | undefined} answers @param {readonly string[]} rows */
function sumOf(answers, rows) {
  let sum = 0;
  for (const row of rows) {
    const values = answers?.[row];
    if (values === undefined) return undefined;
    sum += median(values);
  }
  return sum;
}

/** @param {Target} target @param {number} value */
function reachedOf({ beside, target, moonshot }, value) {
  const isAtLeast = (/** @type {number | undefined} */ aim) =>
    aim !== undefined && (beside === 'at most' ? value <= aim : value >= aim);
  if (isAtLeast(moonshot)) return 'moonshot';
  return isAtLeast(target) ? 'yes' : 'no';
}
