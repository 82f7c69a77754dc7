import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Choice, choosePlace, type PlaceReport } from '../../src/browser/choice.ts';
import { openBest } from '../../src/browser/open-best.ts';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Device } from '../fs/cordova/device.ts';
import { enterPage, forgetPage } from '../fs/cordova/plugin.ts';

const KINDS = ['opfs', 'indexed-db', 'cordova'] as const;
type Kind = (typeof KINDS)[number];

/** Places of which some are usable, and some have the store. */
function places(usable: readonly Kind[], holding: readonly Kind[]): PlaceReport[] {
  return KINDS.map((kind) => ({
    kind,
    isUsable: usable.includes(kind),
    hasStore: holding.includes(kind),
    note: `the note of ${kind}`,
  }));
}

describe('the choice of a place', () => {
  test('is the strongest where there is no store yet', () => {
    const kindOf = (...usable: Kind[]) => choosePlace('s', places(usable, [])).kind;

    expect(kindOf(...KINDS)).toBe('opfs');
    expect(kindOf('indexed-db', 'cordova')).toBe('indexed-db');
    expect(kindOf('cordova')).toBe('cordova');
  });

  test('is what was asked for, where a new store can be made there', () => {
    const choices: Choice[] = [
      choosePlace('s', places(KINDS, []), 'cordova'),
      choosePlace('s', places(['indexed-db'], []), 'cordova'),
    ];

    expect(choices.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['cordova', 'preferred'],
      ['indexed-db', 'strongest'],
    ]);
  });

  test('is where the store is, whatever is stronger or was asked for', () => {
    for (const kind of KINDS) {
      for (const prefer of [undefined, ...KINDS]) {
        expect(choosePlace('s', places(KINDS, [kind]), prefer)).toMatchObject({
          kind,
          reason: 'found',
        });
      }
    }
  });

  test('says in words what it is, and why the others are not', () => {
    const { message } = choosePlace('s', places(['indexed-db', 'cordova'], ['cordova']));

    expect(message).toBe(
      'cordova: the store is there. opfs is not: the note of opfs. ' +
        'indexed-db is usable too: the note of indexed-db',
    );
  });

  test.each([
    ['in a place out of reach', places(['indexed-db'], ['opfs']), /in opfs, out of reach/],
    ['in two places', places(KINDS, ['opfs', 'cordova']), /in opfs and in cordova/],
    ['nowhere, and there is no place', places([], []), /no place .* the note of cordova/],
  ])('is refused where the store is %s', (_name, found, message) => {
    const choose = () => choosePlace('s', found, 'indexed-db');

    expect(choose).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(choose).toThrow(message);
  });
});

describe('in an app of Cordova without anything else', () => {
  let leavePage: () => void;

  beforeAll(() => checksumReady);
  beforeEach(() => {
    forgetPage();
    leavePage = enterPage(new Device());
  });
  afterEach(() => leavePage());

  test('the files of Cordova are taken, and the others say why not', async () => {
    const { store, choice } = await openBest('wallet');
    await store.map('m').put('k', 1);
    await store.close();
    const again = await openBest('wallet', { readOnly: true });

    expect([choice.kind, choice.reason]).toEqual(['cordova', 'strongest']);
    expect(choice.places.map(({ isUsable }) => isUsable)).toEqual([false, false, true]);
    expect([again.choice.reason, again.store.map('m').get('k')]).toEqual(['found', 1]);
    await again.store.close();
  });

  test('a store that the files hold is not passed over for a database that came later', async () => {
    const { store } = await openBest('wallet');
    await store.close();
    const restore = giveDatabases();
    try {
      const { choice, store: found } = await openBest('wallet', { prefer: 'indexed-db' });
      await found.close();

      expect([choice.kind, choice.reason]).toEqual(['cordova', 'found']);
      expect(choice.places[1]).toMatchObject({ isUsable: true, hasStore: false });
    } finally {
      restore();
    }
  });

  test('a database that cannot be looked at is an error, and nothing is made', async () => {
    const restore = giveDatabases(new Error('the disk of the browser'));
    try {
      await expect(openBest('wallet')).rejects.toThrow('the disk of the browser');
    } finally {
      restore();
    }
    expect((await openBest('wallet', { create: false }).catch((error) => error)).code).toBe(
      'NOT_FOUND',
    );
  });
});

/** IndexedDB in which there is no database, or which fails. */
function giveDatabases(failure?: Error): () => void {
  const open = () => {
    const request = {
      error: failure,
      transaction: { abort: () => undefined },
      onupgradeneeded: null as ((event: object) => void) | null,
      onerror: null as (() => void) | null,
    };
    setTimeout(() => {
      if (failure === undefined) request.onupgradeneeded?.({});
      request.onerror?.();
    });
    return request;
  };
  Object.defineProperty(globalThis, 'indexedDB', { value: { open }, configurable: true });
  return () => Reflect.deleteProperty(globalThis, 'indexedDB');
}
