/** Where abstract-level is not installed, the entry that needs it says so; the others work. */
import { rejects } from 'node:assert/strict';

await rejects(import('onewal/level'), /Cannot find package 'abstract-level'/);
