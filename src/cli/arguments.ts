/** What a command was called with, checked against what it takes. */
import { parseArgs } from 'node:util';

export interface OptionTable {
  readonly [name: string]: { readonly type: 'string' | 'boolean'; readonly multiple?: boolean };
}

/** The command line is not one that the command takes. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

export class Arguments {
  readonly #operands: readonly string[];
  readonly #values: { readonly [name: string]: unknown };

  private constructor(operands: readonly string[], values: { readonly [name: string]: unknown }) {
    this.#operands = operands;
    this.#values = values;
  }

  /** Throws WrongUse. */
  static parse(words: readonly string[], options: OptionTable): Arguments {
    try {
      const parsed = parseArgs({ args: [...words], options, allowPositionals: true });
      return new Arguments(parsed.positionals, parsed.values);
    } catch (error) {
      throw new WrongUse(error instanceof Error ? error.message : String(error));
    }
  }

  get operandCount(): number {
    return this.#operands.length;
  }

  operand(index: number): string {
    return this.#operands[index] ?? '';
  }

  isSet(option: string): boolean {
    return this.#values[option] !== undefined;
  }

  text(option: string): string | undefined {
    const value = this.#values[option];
    return typeof value === 'string' ? value : undefined;
  }

  texts(option: string): readonly string[] {
    const value = this.#values[option];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** Throws WrongUse unless it is a whole number from 0 on. */
  count(option: string): number | undefined {
    const text = this.text(option);
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) throw new WrongUse(`--${option} takes a number, not ${text}`);
    return Number(text);
  }
}
