import { AbstractLevel } from 'abstract-level';
import { Store } from 'onewal';
import { OnewalLevel } from 'onewal/level';
import { isLevelDatabase } from './level-scenario.cjs';

await isLevelDatabase({ OnewalLevel, AbstractLevel, Store });
