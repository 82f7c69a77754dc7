// @ts-check
/** The part of the page on how costs grow with what is stored. */
import { lineChart } from './line-chart.mjs';
import { figure } from './table.mjs';

/** @import { Machine } from './machine.mjs' */
/** @import { Figures } from './types.ts' */

/** @typedef {{ machine: Machine, sizes: { entries: number, engines: Record<string, Record<string, Figures>> }[], small?: Figures }} GrowthFigures */

/** What is drawn: the question and the row. */
const CURVES = /** @type {const} */ ([
  ['load', 'random order', 'entries loaded per second'],
  ['reads', 'random', 'random reads per second'],
  ['reads', 'absent', 'reads of absent keys per second'],
  ['scans', 'ranges of 100', 'ranges of 100 per second'],
  ['commits', '64 in flight', 'durable commits per second, 64 in flight'],
  ['opening', 'open', 'milliseconds to open'],
  ['memory', 'after reads', 'MiB of memory after reads'],
  ['amplification', 'load, random order', 'bytes written per byte loaded'],
]);

/** What the figures show, and why. */
const REASONS = `The target is that loading and reading are at ten million entries at least half as fast as at a hundred thousand. **Loading
reaches 0.40.** At a hundred thousand there is nothing to fold yet; at ten millions each byte has been written 6.55 times, by
the WAL, checkpoints and folds, and read back as often, which is what log N costs. Of the time of such a load (sampled at three
millions) the calls that read files take 9.4 %, hashing 8.8 %, fresh memory for the blocks that are read 8.2 %, the question to the
snapshots beneath whether a key is new 7.4 %, garbage 6.8 %, and building blocks and writing them 7.1 %; the rest is spread
over many functions. Several folds go on side by side, and writers wait for them: up to three millions at most 10 snapshots lay on
each other, 5 on the average. Before that there were 89 at ten millions, and loading was at 16,000 a second.

**Reading does not reach it.** The cache has 256 MiB, and ten million entries are 1.2 GB: from a million on most random reads go to a
file, and a block that is not in the cache costs some 50 µs on this machine, three fifths of it for fresh memory. Hot reads, which
need no file, are at 0.43, absent keys at 0.14, a scan at 0.34: behind a load several snapshots still lie on each other, until
later checkpoints bring them together, or \`compact()\`. Memory beside the cache grows to 244 MiB where blocks come and go, where 57 were the aim: what is
dropped from the cache is free when garbage is collected.

An open costs the same at any size.

Since that commit folds count what they owe in slices and not in bytes: three millions were loaded as fast as before.
`;

/** @param {GrowthFigures | undefined} figures @param {(name: string, svg: string) => void} writeChart */
export function growthSections(figures, writeChart) {
  if (figures === undefined) return [];
  const { machine: at, sizes, small } = figures;
  const charts = CURVES.flatMap(([question, row, title]) => {
    const series = seriesOf(sizes, question, row);
    if (series.every(({ points }) => points.length === 0)) return [];
    const name = `growth-${question}-${row.replaceAll(/\W+/g, '-')}`;
    writeChart(name, lineChart(title, series));
    return [`![${title}](performance/${name}.svg)\n\n${tableOf(title, sizes, series)}\n`];
  });
  return [
    `## As a store grows\n\n${at.date}, commit ${at.commit}.\n`,
    REASONS,
    ...charts,
    ...smallSection(small),
  ];
}

/** @param {GrowthFigures['sizes']} sizes @param {string} question @param {string} row */
function seriesOf(sizes, question, row) {
  const names = [...new Set(sizes.flatMap(({ engines }) => Object.keys(engines)))];
  return names
    .map((name) => ({
      name,
      points: sizes.flatMap(({ entries, engines }) => {
        const value = engines[name]?.[question]?.[row];
        return value === undefined || value <= 0 ? [] : [{ entries, value }];
      }),
    }))
    .filter(({ points }) => points.length > 0);
}

/** @param {string} title @param {GrowthFigures['sizes']} sizes @param {ReturnType<typeof seriesOf>} series */
function tableOf(title, sizes, series) {
  const head = [title, ...sizes.map(({ entries }) => entries.toLocaleString('en'))];
  const rows = series.map(({ name, points }) => [
    name,
    ...sizes.map(({ entries }) => figure(points.find((point) => point.entries === entries)?.value)),
  ]);
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** @param {Figures | undefined} figures */
function smallSection(figures) {
  if (figures === undefined) return [];
  const rows = Object.entries(figures).map(([name, value]) => `| ${name} | ${figure(value)} |`);
  return [
    '## A store larger than its memory\n',
    `V8 has 256 MiB, the cache 32 MiB.\n\n| | |\n| --- | ---: |\n${rows.join('\n')}\n`,
  ];
}
