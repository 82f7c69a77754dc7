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
const REASONS = `Up to a million entries little gets slower. At ten millions it does, far more than it may: loading falls to a sixth, reading
to a twentieth and less. The reason was seen with \`onewal info\` in the middle of such a load: 89 snapshots lay on each other.
While a fold of a gigabyte is under way, the snapshots that come on top of it are not folded; every put and every read asks
each of them, and their pages no longer fit into the cache together. A store that is closed behind such a load keeps them until
its next checkpoint, or until \`compact()\`. The bytes written do not grow: 3.85 for each byte loaded.

The figures are those that a run has printed, which was stopped before its last question: how a store larger than its memory does was
not measured.
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
