// @ts-check
/** How fast something is: repeated for the time of the scale, timed by tinybench. */
import { Bench } from 'tinybench';

/** @import { Scale } from './types.ts' */

/**
 * @param {Scale} scale
 * @param {{ count: number, run: () => unknown }} block what is done at once, and how many things that is
 * @returns {Promise<number>} of these things, per second
 */
export async function perSecond(scale, { count, run }) {
  const { latency } = await repeated(scale, run);
  return (count * 1000) / latency.mean;
}

/** Latencies in milliseconds. @param {Scale} scale @param {() => unknown} run */
export async function repeated({ milliseconds }, run) {
  const bench = new Bench({
    time: milliseconds,
    iterations: 3,
    warmupTime: milliseconds / 4,
    warmupIterations: 1,
    retainSamples: true,
    throws: true,
  });
  bench.add('it', run);
  const [task] = await bench.run();
  const result = task?.result;
  if (result?.state !== 'completed') throw new Error(`the measurement is ${result?.state}`);
  return result;
}

/** @param {() => unknown} run @returns {Promise<number>} milliseconds */
export async function timed(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
