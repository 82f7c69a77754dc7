/** A report for people: what `--json` prints as JSON, as aligned lines and tables. */

type ReportValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | Report
  | readonly string[]
  | readonly Report[];

/** Names in camel case become words; what is undefined is left out. */
export interface Report {
  readonly [name: string]: ReportValue;
}

const INDENT = '  ';
const CELL_LENGTH_MAX = 80;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

export function reportText(report: Report): string {
  return linesOf(report).join('\n');
}

/** Text from a store, made safe for a terminal and for a line. */
export function printable(text: string): string {
  return text.replace(CONTROL, (control) => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function linesOf(report: Report): string[] {
  const fields = Object.entries(report).filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...fields.map(([name]) => wordsOf(name).length));
  return fields.flatMap(([name, value]) => {
    if (isLong(value)) return [`${wordsOf(name)}:`, ...blockOf(value).map((line) => INDENT + line)];
    return [`${wordsOf(name).padEnd(width)}  ${scalarText(value)}`];
  });
}

function isLong(value: ReportValue): value is Report | readonly string[] | readonly Report[] {
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' && value !== null;
}

function blockOf(value: Report | readonly string[] | readonly Report[]): string[] {
  if (!isList(value)) return linesOf(value);
  const [first] = value;
  if (typeof first === 'string') return (value as readonly string[]).map(printable);
  return tableOf(value as readonly Report[]);
}

function isList(value: ReportValue): value is readonly string[] | readonly Report[] {
  return Array.isArray(value);
}

function tableOf(rows: readonly Report[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [
    names.map(wordsOf),
    ...rows.map((row) => names.map((name) => cellText(row[name]))),
  ];
  const widths = names.map((_, column) =>
    cells.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(INDENT)
      .trimEnd(),
  );
}

function cellText(value: ReportValue): string {
  const text = isLong(value) ? printable(JSON.stringify(value)) : scalarText(value);
  return text.length > CELL_LENGTH_MAX ? `${text.slice(0, CELL_LENGTH_MAX - 1)}…` : text;
}

function scalarText(value: ReportValue): string {
  if (value === undefined) return '';
  if (value === null || Array.isArray(value)) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return printable(String(value));
}

function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
