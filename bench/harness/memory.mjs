// @ts-check
const MIB = 1 << 20;

/** What of this process is in memory, its garbage collected where that can be asked for. */
export function residentMiB() {
  globalThis.gc?.();
  return process.memoryUsage.rss() / MIB;
}

/** The most that it ever was. */
export const peakMiB = () => process.resourceUsage().maxRSS / 1024;
