/**
 * Puts counters into JavaScript: at the start of every function, branch, loop body, case and
 * handler, and into both arms of expressions that choose. Reservations of memory are reported, too.
 * No line is added, so the numbers of lines stay those of the source map.
 */
import { type AnyNode, parse } from 'acorn';

const RUNTIME =
  'const __p = globalThis.onewalProbes, __c = __p.register(COUNT, WORDS); ' +
  'function __U(a, b, c) { __p.reserve(a); return new Uint8Array(a, b, c); } ' +
  'function __A(a) { __p.reserve(8 * a); return new Array(a); } ';
const REPORTING_CLASSES: ReadonlyMap<string, string> = new Map([
  ['Uint8Array', '__U'],
  ['Array', '__A'],
]);

/** Longer texts are messages. */
const WORD_SIZE_MAX = 16;

interface Edit {
  readonly at: number;
  readonly text: string;
  /** Closing text stands before opening text, and the inner before the outer. */
  readonly rank: number;
  readonly skip?: number;
}

/** `isMeasured` is asked about each module, by the path that the bundler has put above it. */
export function instrument(code: string, isMeasured: (path: string) => boolean): string {
  const tree = parse(code, { ecmaVersion: 'latest', sourceType: 'module' });
  const instrumenter = new Instrumenter(code, measuredRanges(code, isMeasured));
  instrumenter.visit(tree);
  return instrumenter.finish();
}

type Range = readonly [start: number, end: number];

function measuredRanges(code: string, isMeasured: (path: string) => boolean): Range[] {
  const starts = [...code.matchAll(/^\/\/#region (.*)$/gm)];
  return starts.flatMap((match, i) => {
    const end = starts[i + 1]?.index ?? code.length;
    return isMeasured(match[1] as string) ? [[match.index, end] as const] : [];
  });
}

class Instrumenter {
  readonly #code: string;
  readonly #ranges: readonly Range[];
  readonly #edits: Edit[] = [];
  readonly #words = new Set<number | string>();
  #count = 0;

  constructor(code: string, ranges: readonly Range[]) {
    this.#code = code;
    this.#ranges = ranges;
  }

  visit(node: AnyNode): void {
    if (this.#isMeasured(node.start)) this.#enter(node);
    for (const child of childrenOf(node)) this.visit(child);
  }

  finish(): string {
    const edits = [...this.#edits].sort(
      (left, right) => left.at - right.at || left.rank - right.rank,
    );
    const words = JSON.stringify([...this.#words]);
    let text = RUNTIME.replace('COUNT', String(this.#count)).replace('WORDS', () => words);
    let from = 0;
    for (const { at, text: inserted, skip = 0 } of edits) {
      text += this.#code.slice(from, at) + inserted;
      from = at + skip;
    }
    return text + this.#code.slice(from);
  }

  #isMeasured(at: number): boolean {
    return this.#ranges.some(([start, end]) => start <= at && at < end);
  }

  #enter(node: AnyNode): void {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        this.#block(node.body);
        break;
      case 'ArrowFunctionExpression':
        if (node.body.type === 'BlockStatement') this.#block(node.body);
        else this.#arm(node.body);
        break;
      case 'IfStatement':
        this.#block(node.consequent, node.alternate ? '' : ` else {${this.#counter()};}`);
        if (node.alternate) this.#block(node.alternate);
        break;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'CatchClause':
        this.#block(node.body);
        break;
      case 'SwitchCase':
        if (node.test) this.#note(node.test);
        this.#open(node.consequent[0]?.start ?? node.end, `${this.#counter()};`);
        break;
      case 'BinaryExpression':
        this.#note(node.left);
        this.#note(node.right);
        break;
      case 'ConditionalExpression':
        this.#arm(node.consequent);
        this.#arm(node.alternate);
        break;
      case 'LogicalExpression':
        this.#arm(node.right);
        break;
      case 'NewExpression':
        this.#reservation(node.callee);
        break;
      default:
    }
  }

  #note(node: AnyNode): void {
    if (node.type !== 'Literal') return;
    const { value } = node;
    if (typeof value === 'number' && Number.isSafeInteger(value)) this.#words.add(value);
    if (typeof value === 'string' && value.length <= WORD_SIZE_MAX) this.#words.add(value);
  }

  /** A statement; `after` is put behind it. */
  #block(node: AnyNode, after = ''): void {
    if (node.type === 'BlockStatement') {
      this.#open(node.start + 1, `${this.#counter()};`);
      if (after !== '') this.#close(node.end, after);
      return;
    }
    this.#open(node.start, `{${this.#counter()};`);
    this.#close(node.end, `}${after}`);
  }

  #arm(node: AnyNode): void {
    this.#open(node.start, `(${this.#counter()},`);
    this.#close(node.end, ')');
  }

  #reservation(callee: AnyNode): void {
    const reporting = callee.type === 'Identifier' && REPORTING_CLASSES.get(callee.name);
    if (!reporting) return;
    const skip = callee.end - callee.start;
    this.#edits.push({ at: callee.start, text: reporting, rank: this.#edits.length, skip });
  }

  #counter(): string {
    return `__c[${this.#count++}]++`;
  }

  #open(at: number, text: string): void {
    this.#edits.push({ at, text, rank: this.#edits.length });
  }

  #close(at: number, text: string): void {
    this.#edits.push({ at, text, rank: -this.#edits.length });
  }
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node).flatMap((value: unknown) =>
    (Array.isArray(value) ? value : [value]).filter(isNode),
  );
}

function isNode(value: unknown): value is AnyNode {
  return typeof (value as { type?: unknown } | null)?.type === 'string';
}
