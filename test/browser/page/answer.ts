/** Calls an action by its name; errors become plain, so that they reach the test as they are. */
import { actions } from './actions.ts';

export type Answer =
  | { readonly value: unknown }
  | { readonly error: { readonly [field: string]: unknown } };

export async function answer(name: string, args: readonly unknown[]): Promise<Answer> {
  try {
    const action = actions[name as keyof typeof actions] as (...args: unknown[]) => unknown;
    return { value: await action(...args) };
  } catch (error) {
    const { name, message, code, committed, stack } = error as { [field: string]: unknown };
    return { error: { name, message, code, committed, stack } };
  }
}
