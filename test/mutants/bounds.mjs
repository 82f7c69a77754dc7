// @ts-check
/** The memory of a process and of those that it started, so that a mutant never takes the machine. */
import { readdirSync, readFileSync } from 'node:fs';

const PAGE_SIZE = 4096;

const TICK_MS = 10;

/**
 * Bytes that the processes of this group have in memory. 0 where the host does not say: there is
 * only the bound on the heap then.
 *
 * @param {number | undefined} group
 */
export function groupMemory(group) {
  if (process.platform !== 'linux') return 0;
  let size = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    // What stands behind the name of the program: state, parent, group; and, 22nd, the pages in memory.
    if (Number(fields[2]) === group) size += Number(fields[21]) * PAGE_SIZE;
  }
  return size;
}

/**
 * What a process has computed so far, in milliseconds: on a busy machine the clock says nothing.
 * Undefined where the host does not say.
 *
 * @param {number} process
 */
export function computedMs(process) {
  const fields = statOf(String(process));
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return fields.length === 0 ? undefined : (user + system) * TICK_MS;
}

/** @param {string} process */
function statOf(process) {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return []; // It has ended meanwhile.
  }
}

/** @param {number | undefined} group */
export function stopGroup(group) {
  if (group === undefined) return;
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    // It has ended by itself.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}
