/** The two tables of an open, over every combination of what can be found. */
import { describe, expect, test } from 'vitest';
import type { RecoveryMode } from '../../src/options.ts';
import {
  type BreakFacts,
  type BreakKind,
  classifyBreak,
  type Decision,
  decide,
  SNAPSHOT_STATES,
  WAL_STATES,
} from '../../src/store/recovery.ts';

const FACT_NAMES = [
  'isHeaderSound',
  'isBodySound',
  'isChained',
  'isNewerType',
  'isZeroToEnd',
  'hasLaterFrames',
  'isAcknowledged',
  'isWitnessed',
] as const;

function everyBreak(): BreakFacts[] {
  return Array.from({ length: 1 << FACT_NAMES.length }, (_, bits) =>
    Object.fromEntries(FACT_NAMES.map((name, i) => [name, ((bits >> i) & 1) === 1])),
  ) as unknown as BreakFacts[];
}

/** The same rules once more, in prose order, written without looking at the table. */
function expectedKind(facts: BreakFacts): BreakKind {
  const isSoundFrame = facts.isHeaderSound && facts.isBodySound;
  if (facts.isNewerType && facts.isChained) return 'newer';
  if (facts.isAcknowledged || facts.isWitnessed) return 'corrupt';
  if (facts.isZeroToEnd) return 'clean';
  if (isSoundFrame) return facts.isChained ? 'corrupt' : 'leftover';
  return 'torn';
}

describe('a break in a WAL', () => {
  test.each(everyBreak().map((facts) => [expectedKind(facts), facts] as const))(
    'is %s for %j',
    (kind, facts) => {
      expect(classifyBreak(facts)).toBe(kind);
    },
  );

  test('is never corrupt after a mere power cut: nothing acknowledged, nobody witnesses more', () => {
    const cuts = everyBreak().filter(
      (facts) =>
        !facts.isAcknowledged && !facts.isWitnessed && !facts.isBodySound && !facts.isNewerType,
    );

    expect(new Set(cuts.map(classifyBreak))).toEqual(new Set(['torn', 'clean']));
  });

  test('below what was acknowledged is never passed over', () => {
    const losses = everyBreak().filter((facts) => facts.isAcknowledged && !facts.isNewerType);

    expect(new Set(losses.map(classifyBreak))).toEqual(new Set(['corrupt']));
  });
});

//                 none       unfinished  clean     torn      corrupt      gap
const EXPECTED: { readonly [mode in RecoveryMode]: { readonly [snapshot: string]: string } } = {
  strict: {
    none: '        create     create      open      refuse    refuse       refuse',
    sound: '       refuse     refuse      open      refuse    refuse       refuse',
    older: '       refuse     refuse      refuse    refuse    refuse       refuse',
    lost: '        refuse     refuse      refuse    refuse    refuse       refuse',
  },
  safe: {
    none: '        create     create      open      cut       refuse       refuse',
    sound: '       refuse     refuse      open      cut       refuse       refuse',
    older: '       refuse     refuse      open      cut       refuse       refuse',
    lost: '        refuse     refuse      refuse    refuse    refuse       refuse',
  },
  'point-in-time': {
    none: '        create     create      open      cut       roll-back    roll-back',
    sound: '       roll-back  roll-back   open      cut       roll-back    roll-back',
    older: '       roll-back  roll-back   open      cut       roll-back    roll-back',
    lost: '        refuse     refuse      refuse    refuse    refuse       refuse',
  },
  'skip-corrupt': {
    none: '        create     create      open      cut       skip         roll-back',
    sound: '       roll-back  roll-back   open      cut       skip         roll-back',
    older: '       roll-back  roll-back   open      cut       skip         roll-back',
    lost: '        refuse     refuse      refuse    refuse    refuse       refuse',
  },
  inspect: {
    none: '        create     create      open      cut       roll-back    roll-back',
    sound: '       roll-back  roll-back   open      cut       roll-back    roll-back',
    older: '       roll-back  roll-back   open      cut       roll-back    roll-back',
    lost: '        refuse     refuse      refuse    refuse    refuse       refuse',
  },
};

const COMBINATIONS = (Object.keys(EXPECTED) as RecoveryMode[]).flatMap((mode) =>
  SNAPSHOT_STATES.flatMap((snapshot) => WAL_STATES.map((wal) => [mode, snapshot, wal] as const)),
);

test.each(COMBINATIONS)(
  '%s with a snapshot that is %s and a WAL that is %s',
  (mode, snapshot, wal) => {
    const cells = (EXPECTED[mode][snapshot] as string).trim().split(/\s+/);
    const expected = (cells[WAL_STATES.indexOf(wal)] as string).replace('-', ' ') as Decision;

    expect(decide(mode, { snapshot, wal })).toBe(expected);
  },
);
