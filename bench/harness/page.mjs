// @ts-check
/** Writes docs/performance.md and its charts out of the figures that were kept beside it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ENGINES } from '../engines/all.mjs';
import { QUESTIONS } from '../questions/all.mjs';
import { barChart } from './bar-chart.mjs';
import { browserSections } from './browser-page.mjs';
import { compared, OURS } from './comparison.mjs';
import { growthSections } from './growth-page.mjs';
import { peersMarkdown } from './peers-table.mjs';
import { targetsSection } from './targets.mjs';

/** @import { Comparison } from './comparison.mjs' */
/** @import { Machine } from './machine.mjs' */
/** @import { Results } from './run.mjs' */
/** @import { Question, Scale } from './types.ts' */

/** @typedef {{ machine: Machine, versions: Record<string, string>, scale: Scale, rounds: number, results: Results }} PeerFigures */

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const FIGURES = `${DOCS}/performance`;

const INTRODUCTION = `# Performance

Written by \`npm run bench:peers\`, \`npm run bench:growth\` and \`npm run bench:browser\`; do not edit.

Every engine does the same work on the same entries, made from one seed: keys of 20 bytes that are hashes, values of 100
bytes that cannot be compressed. Every value that is read is checked. Each question is asked in a fresh process, the
engines take turns, and all is repeated: the figure is the median of the rounds, with half of the way from the least to
the most beside it. The last columns compare ours with the best peer whose commits can wait for the medium: above 1, ours
is better, also where less is better. The files are in the page cache, and each engine that can be told may keep 256 MiB of
them in memory of its own. "per second" counts entries, commits or ranges; "bare" is what the machine itself does, where an
engine would cost nothing: a write and an fdatasync into a file that has its size, a copy in memory, \`Map.get\`, reading the
file.

Seen with strace: with the synced options below every engine calls fsync or fdatasync once for each commit that comes
alone, with the unsynced ones not at all until the end.
`;

/** @param {'peers' | 'growth' | 'browser'} name @param {unknown} figures */
export function keepFigures(name, figures) {
  mkdirSync(FIGURES, { recursive: true });
  writeFileSync(`${FIGURES}/${name}.json`, `${JSON.stringify(figures)}\n`);
}

export function writePage() {
  const sections = [
    INTRODUCTION,
    ...peerSections(kept('peers')),
    ...growthSections(kept('growth'), writeChart),
    ...browserSections(kept('browser'), writeChart),
  ];
  writeFileSync(`${DOCS}/performance.md`, `${sections.join('\n')}`);
}

/** @param {string} name */
function kept(name) {
  const path = `${FIGURES}/${name}.json`;
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** @param {string} name @param {string} svg */
function writeChart(name, svg) {
  writeFileSync(`${FIGURES}/${name}.svg`, svg);
}

/** @param {PeerFigures | undefined} figures */
function peerSections(figures) {
  if (figures === undefined) return [];
  const { machine, versions, scale, rounds, results } = figures;
  const engines = Object.keys(versions);
  const questions = QUESTIONS.filter(({ name }) =>
    engines.some((engine) => results[engine]?.[name]),
  );
  return [
    `## Beside others, ${scale.entries.toLocaleString('en')} entries\n`,
    `${placeAndTime(machine)} ${rounds} rounds.\n`,
    engineTable(versions),
    targetsSection(QUESTIONS, results),
    ...questions.map((question) =>
      questionSection(question, compared([question], results), engines),
    ),
  ];
}

/** @param {Machine} machine */
function placeAndTime({ date, commit, node, system, processor, memory }) {
  return `${date}, commit ${commit}, ${processor}, ${memory}, ${system}, Node ${node.slice(1)}.`;
}

/** @param {Record<string, string>} versions */
function engineTable(versions) {
  const rows = ENGINES.filter(({ name }) => name in versions).map(({ name, isNative, options }) =>
    [name, versions[name], isNative ? 'yes' : 'no', options].join(' | '),
  );
  return `| engine | version | native code | how it is used |\n| --- | --- | --- | --- |\n${rows
    .map((row) => `| ${row} |`)
    .join('\n')}\n`;
}

/** @param {Question} question @param {readonly Comparison[]} comparisons @param {readonly string[]} engines */
function questionSection({ name, asks }, comparisons, engines) {
  writeChart(name, barChart(asks, comparisons, OURS));
  return `### ${asks}\n\n![${asks}](performance/${name}.svg)\n\n${peersMarkdown(comparisons, engines)}\n`;
}
