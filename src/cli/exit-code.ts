/** What the process ends with. Part of the interface: scripts rely on it. */
export const ExitCode = {
  /** It was done, and nothing damaged was met. */
  fine: 0,
  /** Damage was found. */
  damage: 1,
  /** It could not be done: wrong use, no such store, locked, a full disk. */
  refused: 2,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
