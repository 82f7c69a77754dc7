/** The Level entry and no other: bundled, it must still bring the file system of Node along. */
import { AbstractLevel } from 'abstract-level';
import { OnewalLevel } from 'onewal/level';
import { isLevelDatabase } from './level-scenario.cjs';

await isLevelDatabase({ OnewalLevel, AbstractLevel, Store: Object });
