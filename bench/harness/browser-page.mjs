// @ts-check
/** The part of the page on browsers. */
import { BROWSER_QUESTION, ENGINE_OPTIONS, isPeer, OURS } from '../browser/questions.mjs';
import { barChart } from './bar-chart.mjs';
import { compared } from './comparison.mjs';
import { peersMarkdown } from './peers-table.mjs';

/** @import { Machine } from './machine.mjs' */
/** @import { Results } from './run.mjs' */
/** @import { Scale } from './types.ts' */

/** @typedef {{ machine: Machine, browsers: Record<string, string>, versions: Record<string, string>, scale: Scale, rounds: number, results: Record<string, Results> }} BrowserFigures */

const HOW = `Everything runs in a dedicated worker, on the same entries. Every commit is on the medium before it is
answered, by what the table says. Loading is in commits of 1,000 entries, each of them durable. "open and first read" is
in a worker that has opened nothing before, what has to be loaded once left out. The bare loop takes turns with the
commits, in the same worker.
`;

const REASONS = `Where onewal on OPFS is not ahead, or not within 1.3 of the bare loop:

- **open and first read**: IndexedDB is a part of the browser and runs already; onewal and SQLite are scripts that begin with
  themselves, compile BLAKE3 or SQLite from WebAssembly, and open their files one by one.
- **a commit, to a bare write + flush, in Firefox**: three of five parts are the write and the flush, which is an fsync
  there; the rest was not profiled. Every peer is farther from it.

onewal on IndexedDB is for pages that have no OPFS. There a commit costs more than one of IndexedDB itself: its transaction
also reads whose turn it is to write. An open reads every file as a whole.
`;

/** @param {BrowserFigures | undefined} figures @param {(name: string, svg: string) => void} writeChart */
export function browserSections(figures, writeChart) {
  if (figures === undefined) return [];
  const { machine: at, browsers, versions, scale, rounds, results } = figures;
  const names = Object.keys(versions);
  const charts = Object.entries(browsers).map(([name, title]) => {
    const comparisons = compared([BROWSER_QUESTION], results[name] ?? {}, { ours: OURS, isPeer });
    writeChart(`browser-${name}`, barChart(name, comparisons, OURS));
    const chart = `![${title}](performance/browser-${name}.svg)`;
    return `### ${title}\n\n${chart}\n\n${peersMarkdown(comparisons, names)}\n`;
  });
  return [
    `## In browsers, ${scale.entries.toLocaleString('en')} entries\n`,
    `${at.date}, commit ${at.commit}, ${at.processor}, ${at.memory}, ${at.system}. ${rounds} rounds, each in a browser with a
fresh profile. ${stateOf(at)}\n`,
    HOW,
    REASONS,
    engineTable(versions),
    ...charts,
  ];
}

/** @param {Machine} machine */
function stateOf({ load }) {
  if (load === undefined) return '';
  return `Load of the machine at the end: ${load}; only ratios within a run mean something.`;
}

/** @param {Record<string, string>} versions */
function engineTable(versions) {
  const rows = Object.entries(ENGINE_OPTIONS).map(
    ([name, { durability, options }]) =>
      `| ${name} | ${versions[name] || '-'} | ${durability} | ${options} |`,
  );
  const head = '| engine | version | what makes a commit durable | how it is used |';
  return `${head}\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}
