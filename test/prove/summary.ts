/** What a run has found, as text. */
import type { Gate } from './gate.ts';
import type { PieceResult } from './piece-tally.ts';

export interface GateSummary {
  readonly gate: Gate;
  readonly caseCount: number;
  readonly distinctCount: number;
  readonly failureCount: number;
  readonly seconds: number;
  readonly kinds: { readonly [kind: string]: number };
}

export function summarize(
  gate: Gate,
  results: readonly PieceResult[],
  distinctCount: number,
): GateSummary {
  const kinds: { [kind: string]: number } = {};
  for (const result of results) {
    for (const [kind, count] of Object.entries(result.kinds)) {
      kinds[kind] = (kinds[kind] ?? 0) + count;
    }
  }
  const checked = Object.entries(kinds).filter(([kind]) => !isSkipped(kind));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    gate,
    caseCount: sum(checked.map(([, count]) => count)),
    distinctCount,
    failureCount: sum(results.map(({ failureCount }) => failureCount)),
    seconds: sum(results.map(({ seconds }) => seconds)),
    kinds,
  };
}

/** What could not be tried here, by gate. */
export function skippedOf(summaries: readonly GateSummary[]): string[] {
  return summaries.flatMap(({ gate, kinds }) => {
    const skipped = Object.keys(kinds).filter(isSkipped);
    const names = skipped.map((kind) => kind.slice(0, -SKIPPED.length));
    return names.length === 0 ? [] : [`${gate.name} (${names.join(', ')})`];
  });
}

/** How a gate calls what it cannot do on this machine. */
const SKIPPED = ': SKIPPED';

function isSkipped(kind: string): boolean {
  return kind.endsWith(SKIPPED);
}

/** A table in Markdown, padded so that it is one on a terminal too. */
export function tableOf(summaries: readonly GateSummary[]): string {
  const total = (count: (summary: GateSummary) => number) =>
    summaries.reduce((sum, summary) => sum + count(summary), 0);
  const rows = [
    ['gate', 'what holds', 'checked', 'distinct', 'failures', 'seconds'],
    ...summaries.map((summary) => [summary.gate.name, summary.gate.promise, ...numbersOf(summary)]),
    [
      'all',
      '',
      ...numbersOf({
        caseCount: total(({ caseCount }) => caseCount),
        distinctCount: total(({ distinctCount }) => distinctCount),
        failureCount: total(({ failureCount }) => failureCount),
        seconds: total(({ seconds }) => seconds),
      }),
    ],
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map(
    (row) => `| ${row.map((cell, at) => pad(cell, at, widths)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width, column) => ruleOf(width, column)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** The kinds of cases of each gate, most first. */
export function kindsOf(summaries: readonly GateSummary[]): string {
  return summaries
    .map(({ gate, kinds }) => {
      const parts = Object.entries(kinds).sort(([, one], [, other]) => other - one);
      return `${gate.name}: ${parts.map(([kind, count]) => `${grouped(count)} ${kind}`).join(', ')}`;
    })
    .join('\n');
}

export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

type Numbers = Pick<GateSummary, 'caseCount' | 'distinctCount' | 'failureCount' | 'seconds'>;

function numbersOf({ caseCount, distinctCount, failureCount, seconds }: Numbers): string[] {
  return [caseCount, distinctCount, failureCount, seconds].map(grouped);
}

const TEXT_COLUMN_COUNT = 2;

function pad(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column < TEXT_COLUMN_COUNT ? cell.padEnd(width) : cell.padStart(width);
}

function ruleOf(width: number, column: number): string {
  return column < TEXT_COLUMN_COUNT ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
}
