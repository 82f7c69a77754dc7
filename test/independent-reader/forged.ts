/** Stores whose every checksum is right, and whose meaning is at the edge of the format or beyond. */
import { concatBytes } from '../../src/bytes/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../../src/bytes/cbor.ts';
import { checksum } from '../../src/bytes/checksum.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';

const COPY_SIZE = 4096;
const KEY = new Uint8Array(32).fill(9);
const ZEROS = new Uint8Array(32);
const FORMAT = {
  major: 1,
  minor: 0,
  compatible: [],
  readOnlyCompatible: [],
  incompatible: [],
};
const TRAILER_SIZE = 32 + 4 + 8;
const [COMMIT, PART, SYNC, SWITCH, END, PASSED_OVER, TO_COME] = [1, 2, 3, 4, 5, 0x86, 6];

type Fields = Readonly<Record<string, CborValue | undefined>>;

interface Frame {
  readonly type: number;
  readonly flags?: number;
  readonly sequence: number;
  readonly durable?: number;
  readonly body: CborValue;
}

/** Each a store of one WAL, by what is special in it. */
export function forgedWals(): Map<string, SimulatedDisk> {
  const stores = new Map<string, SimulatedDisk>();
  const add = (name: string, bytes: Uint8Array) => {
    const disk = new SimulatedDisk();
    disk.writeFile('1.wal', bytes);
    stores.set(name, disk);
  };
  for (const [name, operations] of Object.entries(OPERATIONS)) {
    add(`operations: ${name}`, wal([first(), commit(2, operations)]));
  }
  for (const [name, frames] of Object.entries(FRAMES)) add(`frames: ${name}`, wal(frames));
  for (const [name, fields] of Object.entries(HEADERS)) {
    add(`header: ${name}`, wal([first(), commit(2, [])], fields));
  }
  const ended = wal([end(8192, 0, 0)]);
  add('frames: zeros behind End', concatBytes([ended, new Uint8Array(100)]));
  add('frames: bytes behind End', concatBytes([ended, bytes(100)]));
  return stores;
}

/** The disk with the footer of its newest snapshot written anew, by what is special in it. */
export function forgedFooters(disk: SimulatedDisk): Map<string, SimulatedDisk> {
  const generations = disk.names().flatMap((name) => /^(\d+)\.snap$/.exec(name)?.[1] ?? []);
  const name = `${Math.max(...generations.map(Number))}.snap`;
  const file = disk.readFile(name);
  const view = new DataView(file.buffer);
  const offset = file.length - TRAILER_SIZE - view.getUint32(file.length - 12, true);
  const footer = decodeCbor(file.subarray(offset, file.length - TRAILER_SIZE)) as Footer;
  const stores = new Map<string, SimulatedDisk>();
  for (const [what, changed] of Object.entries(footersLike(footer))) {
    const forged = disk.clone();
    forged.writeFile(name, withFooter(file.subarray(0, offset), { ...footer, ...changed }));
    stores.set(`footer: ${what}`, forged);
  }
  return stores;
}

function first(): Frame {
  return commit(1, [
    [3, 1, 'm', 'utf8', 'utf8'],
    [0, 1, bytes(1), bytes(1)],
  ]);
}

function commit(sequence: number, body: CborValue): Frame {
  return { type: COMMIT as number, sequence, body };
}

function part(flags: number, body: CborValue): Frame {
  return { type: PART as number, flags, sequence: 1, body };
}

function sync(body: CborValue, durable = 0): Frame {
  return { type: SYNC as number, sequence: 0, durable, body };
}

function end(at: number, frames: number, last: number): Frame {
  return { type: END as number, sequence: last, body: { bytes: at, frames, last } };
}

function other(type: number | undefined, sequence: number, flags = 0): Frame {
  return { type: type as number, flags, sequence, body: 5 };
}

function bytes(size: number, value = 97): Uint8Array {
  return new Uint8Array(size).fill(value);
}

function nested(depth: number): CborValue {
  return depth === 0 ? 0 : [nested(depth - 1)];
}

const MAX = 2 ** 53 - 1;
const OPERATIONS: Record<string, CborValue> = {
  none: [],
  'no name': [[3, 2, '', 'utf8', 'utf8']],
  'no key encoding': [[3, 2, 'n', '', 'utf8']],
  'a name of 255 bytes': [[3, 2, `x${'é'.repeat(127)}`, 'utf8', 'utf8']],
  'a name of 256 bytes': [[3, 2, 'é'.repeat(128), 'utf8', 'utf8']],
  'a key encoding of 256 bytes': [[3, 2, 'n', 'k'.repeat(256), 'utf8']],
  'a value encoding of 256 bytes': [[3, 2, 'n', 'utf8', 'v'.repeat(256)]],
  'map 0': [[3, 0, 'n', 'utf8', 'utf8']],
  'a map defined twice': [[3, 1, 'n', 'utf8', 'utf8']],
  'a name defined twice': [[3, 2, 'm', 'utf8', 'utf8']],
  'ids that are left out, then used': [
    [3, 9, 'n', 'utf8', 'utf8'],
    [3, 5, 'o', 'utf8', 'utf8'],
  ],
  'the highest id': [[3, MAX, 'n', 'utf8', 'utf8']],
  'the highest id but one': [[3, MAX - 1, 'n', 'utf8', 'utf8']],
  'a long key removed': [[1, 1, bytes(5000)]],
  'a long bound': [[2, 1, bytes(5000), null]],
  'bounds in the wrong order': [[2, 1, bytes(1, 99), bytes(1, 1)]],
  'an empty bound': [[2, 1, null, bytes(0)]],
  'a bound of text': [[2, 1, 'a', null]],
  'a put of five items': [[0, 1, bytes(1), bytes(1), 0]],
  'a put of three items': [[0, 1, bytes(1)]],
  'a key of 4096 bytes': [[0, 1, bytes(4096), bytes(1)]],
  'a key of 4097 bytes': [[0, 1, bytes(4097), bytes(1)]],
  'an empty key and value': [[0, 1, bytes(0), bytes(0)]],
  'a value of text': [[0, 1, bytes(1), 'x']],
  'an unknown map': [[0, 7, bytes(1), bytes(1)]],
  'a put into a dropped map': [
    [4, 1],
    [0, 1, bytes(1), bytes(1)],
  ],
  'the name of a dropped map': [
    [4, 1],
    [3, 2, 'm', 'utf8', 'utf8'],
  ],
  'emptied into its own id': [[5, 1, 1]],
  'emptied, then written': [
    [5, 1, 4],
    [0, 4, bytes(2), bytes(2)],
  ],
  'emptied, then written by the old id': [
    [5, 1, 4],
    [0, 1, bytes(2), bytes(2)],
  ],
  'quotas of map and store': [
    [6, 1, 10],
    [6, null, 0],
  ],
  'a quota taken away': [
    [6, null, 5],
    [6, null, null],
  ],
  'the quota of an unknown map': [[6, 3, 10]],
  'a quota of text': [[6, 1, 'x']],
  'a report nobody knows': [[7, 'x']],
  'a report by number': [[7, 1]],
  'an empty token': [[8, bytes(0)]],
  'a token of 64 bytes': [[8, bytes(64)]],
  'a token of 65 bytes': [[8, bytes(65)]],
  'a token of text': [[8, 'x']],
  'one token twice': [
    [8, bytes(1)],
    [8, bytes(1)],
  ],
  'one to come': [[9]],
  'an empty one': [[]],
  'text for one': [['x']],
  'a number for one': [5],
  'a map': {},
  'a number': 5,
};

const FRAMES: Record<string, readonly Frame[]> = {
  'a Sync record with more fields': [sync({ durable: 0, snapshot: null, x: 1 })],
  'a Sync record nested 16 deep': [sync({ durable: 0, snapshot: null, x: nested(15) })],
  'a Sync record nested 17 deep': [sync({ durable: 0, snapshot: null, x: nested(16) })],
  'a Sync record that disagrees': [sync({ durable: 1, snapshot: null })],
  'a Sync record without a snapshot': [sync({ durable: 0 })],
  'a watermark above all commits': [sync({ durable: 4, snapshot: null }, 4)],
  'a commit that is durable before it is there': [{ ...first(), durable: 1 }],
  'a Switch to a WAL that is missing': [{ type: SWITCH as number, sequence: 0, body: { next: 2 } }],
  'a Switch to this WAL': [{ type: SWITCH as number, sequence: 0, body: { next: 1 } }],
  'a Switch to nothing': [{ type: SWITCH as number, sequence: 0, body: {} }],
  'an End that counts wrong': [end(8192, 1, 0)],
  'a commit behind End': [end(8192, 0, 0), first()],
  'one to pass over': [first(), other(PASSED_OVER, 1), commit(2, [[1, 1, bytes(1)]])],
  'one to pass over, out of place': [first(), other(PASSED_OVER, 9)],
  'one to pass over, with flags': [first(), other(PASSED_OVER, 1, 1)],
  'one to pass over, counted by End': [other(PASSED_OVER, 0), end(8192 + 104, 1, 0)],
  'one to pass over between parts': [part(0, []), other(PASSED_OVER, 1), part(1, [])],
  'one to come': [first(), other(TO_COME, 1)],
  'one to come, with flags': [first(), other(TO_COME, 1, 1)],
  'one to come, with other flags': [first(), other(TO_COME, 1, 2)],
  'one to come, out of place': [first(), other(TO_COME, 9)],
  'a commit that begins as a part does': [{ ...first(), flags: 1 }],
  'parts that no commit closes': [part(0, []), part(1, [])],
  'a Sync record between parts': [part(0, []), sync({ durable: 0, snapshot: null })],
  'a commit left out': [commit(2, [])],
  'a commit twice': [first(), first()],
  'one token in two commits': [commit(1, [[8, bytes(1)]]), commit(2, [[8, bytes(1)]])],
};

const REPORT = {
  ...{ id: 'a', action: 'cut', firstLost: 1, lastSeen: 1, commitsLost: 1, bytesLost: 1 },
  damage: [{ file: 'x', offset: 1, reason: 'r' }],
  suspectKeys: [{ map: 'm', key: bytes(1) }],
  quarantine: ['x'],
};
const BEFORE = { generation: 0, offset: 8192, sequence: 0, chain: ZEROS };
const HEADERS: Record<string, Fields> = {
  'generation 0': { generation: 0 },
  'no snapshot, loss, predecessor': {
    snapshot: undefined,
    loss: undefined,
    predecessor: undefined,
  },
  'no store': { store: undefined },
  'a short store': { store: bytes(15) },
  'a short key': { key: bytes(31) },
  'no publishedAt': { publishedAt: undefined },
  'published at 1': { publishedAt: 1, publishedChain: bytes(32) },
  'published at 2': { publishedAt: 2, publishedChain: bytes(32) },
  'published at 0 with a chain': { publishedChain: bytes(32) },
  'a predecessor at commit 0': { predecessor: BEFORE },
  'a later predecessor at commit 0': { predecessor: { ...BEFORE, generation: 7 } },
  'a predecessor that is missing': { predecessor: { ...BEFORE, sequence: 3 }, publishedAt: 3 },
  'a predecessor without a chain': { predecessor: { generation: 0, offset: 8192, sequence: 0 } },
  'more fields': { zz: [1] },
  'a loss': { loss: REPORT },
  'a loss by another action': { loss: { ...REPORT, action: 'x' } },
  'a loss of text': { loss: 'x' },
  'a loss with other damage': { loss: { ...REPORT, damage: [{ file: 1 }] } },
  'a loss with other keys': { loss: { ...REPORT, suspectKeys: [{ map: 1, key: bytes(1) }] } },
  'major 2': { format: { ...FORMAT, major: 2 } },
  'major 2 and other fields': { format: { ...FORMAT, major: 2 }, store: 1 },
  'major 0': { format: { ...FORMAT, major: 0 } },
  'minor 3': { format: { ...FORMAT, minor: 3 } },
  'an incompatible feature': { format: { ...FORMAT, incompatible: ['x'] } },
  'a feature to read': { format: { ...FORMAT, readOnlyCompatible: ['x'] } },
  '64 features': { format: { ...FORMAT, compatible: Array(64).fill('x') } },
  '65 features': { format: { ...FORMAT, compatible: Array(65).fill('x') } },
  'no features': { format: { major: 1, minor: 0 } },
};

interface Footer extends Record<string, CborValue> {
  readonly sequence: number;
  readonly nextMapId: number;
  readonly length: number;
  readonly maps: readonly Record<string, CborValue>[];
}

function footersLike(footer: Footer): Record<string, Fields> {
  const { sequence, maps, nextMapId, length } = footer;
  const map = maps.find(({ name }) => name === 'state');
  const root = map?.entries as Record<string, CborValue>;
  const changed = (fields: Fields) => ({
    maps: maps.map((each) => (each === map ? defined({ ...map, ...fields }) : each)),
  });
  return {
    'as it was': {},
    'a higher sequence': { sequence: sequence + 1 },
    'a higher nextMapId': { nextMapId: nextMapId + 1 },
    'a low nextMapId': { nextMapId: 1 },
    'a nextMapId of 0, without maps': { maps: [], nextMapId: 0 },
    'a map of id 0': changed({ id: 0 }),
    'a map without a name': { maps: [{ ...map, name: '' } as CborValue] },
    'a newer format, in the footer alone': { format: { ...FORMAT, major: 2 } },
    'a feature, in the footer alone': { format: { ...FORMAT, incompatible: ['x'] } },
    'another length': { length: length + 1 },
    'another root': { root: ZEROS },
    'another chain': { chain: ZEROS },
    'another store': { store: bytes(16) },
    'another generation': { generation: 99 },
    'another kind': { kind: footer.kind === 'full' ? 'incremental' : 'full' },
    'a kind to come': { kind: 'x' },
    'a later WAL': { wal: 99 },
    'no WAL': { wal: undefined },
    'a quota': { quota: 7 },
    'a quota of text': { quota: '7' },
    'more fields': { zz: 1 },
    'maps in the wrong order': { maps: [...maps].reverse() },
    'a map less': { maps: maps.filter((each) => each !== map) },
    'one map twice': { maps: [...maps, map as CborValue] },
    'another count': changed({ count: (map?.count as number) + 1 }),
    'other bytes': changed({ bytes: (map?.bytes as number) + 1 }),
    'a quota of a map': changed({ quota: 3 }),
    'a map with more fields': changed({ zz: 1 }),
    'a map without a count': changed({ count: undefined }),
    'a map without sequences': changed({ sequences: undefined }),
    'a map without trees': changed({ entries: undefined, sequences: undefined }),
    'a high id': changed({ id: nextMapId }),
    'a tree elsewhere': changed({ entries: { ...root, offset: 513 } }),
    'a higher tree': changed({ entries: { ...root, height: 1 } }),
    'a tree nine levels high': changed({ entries: { ...root, height: 9 } }),
    'a tree of more entries': changed({ entries: { ...root, count: (root.count as number) + 1 } }),
    'a token': { tokens: [[bytes(3), 1]] },
    'no tokens': { tokens: [] },
    'a token of a later commit': { tokens: [[bytes(3), sequence + 1]] },
    'a long token': { tokens: [[bytes(65), 1]] },
    'a token without a commit': { tokens: [[bytes(3)]] },
    'one token twice': {
      tokens: [
        [bytes(3), 1],
        [bytes(3), 1],
      ],
    },
    'tokens out of order': {
      tokens: [
        [bytes(3), 2],
        [bytes(4), 1],
      ],
    },
    'a higher minor version': { format: { ...FORMAT, minor: 3 } },
  };
}

/** The footer over these blocks; the header stays as it is. */
function withFooter(before: Uint8Array, fields: Fields): Uint8Array {
  let footer = encodeCbor(defined(fields));
  // Its length is in it, and a length that was meant to be wrong stays wrong by as much.
  const wrong = (fields.length as number) - (before.length + footer.length + TRAILER_SIZE);
  if (Math.abs(wrong) > 1) {
    const length = before.length + footer.length + TRAILER_SIZE;
    footer = encodeCbor({ ...defined(fields), length });
  }
  const hash = checksum([u64(before.length), footer]);
  const closing = Uint8Array.of(0x0a, 0x1a, 0x0a, 0x0d, 0x53, 0x57, 0x4f, 0x89);
  return concatBytes([before, footer, hash, u32(footer.length), closing]);
}

function wal(frames: readonly Frame[], fields: Fields = {}): Uint8Array {
  const parts = [header(fields)];
  let offset = 2 * COPY_SIZE;
  let previous: Uint8Array = ZEROS;
  for (const { type, flags = 0, sequence, durable = 0, body } of frames) {
    const encoded = encodeCbor(body);
    const magic = Uint8Array.of(0x57, 0xf3, type, flags);
    const head = [magic, u32(encoded.length), u64(sequence), u64(durable), previous];
    const check = checksum([u64(offset), ...head], KEY).subarray(0, 8);
    previous = checksum([u64(offset), ...head, check, encoded], KEY);
    const frame = concatBytes([...head, check, encoded, previous]);
    const padded = new Uint8Array(Math.ceil(frame.length / 8) * 8);
    padded.set(frame);
    parts.push(padded);
    offset += padded.length;
  }
  return concatBytes(parts);
}

function header(fields: Fields): Uint8Array {
  const map = encodeCbor(
    defined({
      ...{ format: FORMAT, store: bytes(16), generation: 1, key: KEY, predecessor: null },
      ...{ snapshot: null, publishedAt: 0, publishedChain: ZEROS, loss: null },
      ...fields,
    }),
  );
  const magic = Uint8Array.of(0x89, 0x4f, 0x57, 0x4c, 0x0d, 0x0a, 0x1a, 0x0a);
  const copy = new Uint8Array(COPY_SIZE);
  const hashed = concatBytes([magic, u32(map.length), map]);
  copy.set(concatBytes([hashed, checksum([hashed])]));
  return concatBytes([copy, copy]);
}

function defined(fields: Fields): Record<string, CborValue> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, CborValue>;
}

function u32(value: number): Uint8Array {
  return new Uint8Array(new Uint32Array([value]).buffer);
}

function u64(value: number): Uint8Array {
  return new Uint8Array(new BigUint64Array([BigInt(value)]).buffer);
}
