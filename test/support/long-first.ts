/** The order of the files of tests: without it one worker has a long one left, and the other nothing. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those of ten seconds and more. */
const LONG = [
  'store/crash',
  'examples/survive',
  'remote/ports',
  'store/folds',
  'store/quota',
  'store/random-lives',
  'examples/managers',
  'examples/coins-crash',
  'examples/aa',
  'facade/level-suite',
  'facade/simple-db-defects',
  'store/store',
  'store/damage',
  'prove/gates',
  'independent-reader/agrees',
  'examples/wallet',
  'fuzz/targets',
  'processes/owners',
  'fs/node-lock',
  'fs/cordova/crash',
  'store/checkpoint',
  'examples/coins',
  'store/failures',
  'processes/limits',
].map((name) => `/test/${name}.test.ts`);

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      LONG.some((name) => moduleId.endsWith(name));
    return [...files.filter(isLong), ...files.filter((file) => !isLong(file))];
  }
}
