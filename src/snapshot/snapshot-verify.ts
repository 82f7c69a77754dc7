/** Reads a whole snapshot file anew, past every cache, and says what is wrong with it. */
import type { Damage } from '../errors.ts';
import type { File } from '../fs/file-system.ts';
import type { Task } from '../fs/task.ts';
import { BlockSource } from './block-source.ts';
import type { SnapshotFooter } from './footer.ts';
import { HEADER_SIZE } from './format.ts';
import { ReadAhead } from './read-ahead.ts';
import { readEnds } from './snapshot-open.ts';
import type { SnapshotSteps } from './steps.ts';
import { Tree } from './tree.ts';
import { EntriesContent, SequencesContent, type TreeContent } from './tree-content.ts';
import { TreeVerifier, type Verification } from './tree-verifier.ts';
import type { TreeRoot } from './tree-writer.ts';

/** A file rotten through and through is not described to its last byte. */
const DAMAGE_COUNT_MAX = 1000;

export interface VerifiedFile {
  readonly file: File;
  readonly name: string;
  readonly footer: SnapshotFooter;
  readonly footerOffset: number;
}

/** Empty when the file is sound. Throws what the file and `steps` throw. */
export function* verifySnapshot(verified: VerifiedFile, steps: SnapshotSteps): Task<Damage[]> {
  const { file, name, footer, footerOffset } = verified;
  const damage: Damage[] = [];
  const verification: Verification = {
    source: new BlockSource(file, name),
    bytes: new ReadAhead(file),
    steps,
    end: HEADER_SIZE,
    entries: 0,
    pausedAt: 0,
    report(offset, reason) {
      if (damage.length < DAMAGE_COUNT_MAX) damage.push({ file: name, offset, reason });
    },
  };
  verifyEnds(verified, verification);
  for (const [top, content] of treesOf(footer, footerOffset, verification.source)) {
    const claim = { ...top, level: top.height, limit: footerOffset };
    yield* new TreeVerifier(verification, content).verify(claim);
    const fault = content.finish();
    if (fault !== undefined) verification.report(top.offset, fault);
  }
  const { end, entries, pausedAt } = verification;
  if (end > pausedAt) steps.onProgress({ bytes: end, entries });
  return damage;
}

/** They were sound when the file was opened. */
function verifyEnds({ file }: VerifiedFile, verification: Verification): void {
  const ends = readEnds(file);
  if (ends.state === 'valid') return;
  if (ends.state === 'damaged') verification.report(ends.offset, ends.reason);
  else verification.report(0, `file is ${ends.state}, and was valid when it was opened`);
}

/** In the order of the file. */
function* treesOf(
  footer: SnapshotFooter,
  footerOffset: number,
  source: BlockSource,
): Generator<readonly [TreeRoot, TreeContent]> {
  for (const { entries } of footer.maps) {
    if (entries !== undefined) yield [entries, new EntriesContent(footer.kind)];
  }
  for (const { entries, sequences } of footer.maps) {
    if (entries === undefined || sequences === undefined) continue;
    const tree = new Tree(source, entries, footerOffset);
    yield [sequences, new SequencesContent(tree, footer.sequence)];
  }
}
