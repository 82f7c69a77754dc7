// @ts-check
/**
 * Serves the wallet to browsers on this machine.
 *
 * Exit codes: 2 the command line is wrong, or the port is taken.
 */
import { parseArgs } from 'node:util';
import { InputError } from '../input-error.mjs';
import { serveWallet } from './server.mjs';

const USAGE = `usage: npm run example:wallet -- [options]

  --port N  where to listen on this machine: 8080; 0 for any that is free
  --help    print this`;

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} words */
async function main(words) {
  const options = optionsOf(words);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  try {
    const { url } = await serveWallet({ port: options.port });
    console.log(`The wallet is at ${url} until this program is stopped.`);
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    return 2;
  }
}

/** @param {string[]} words */
function optionsOf(words) {
  try {
    const { values } = parseArgs({
      args: words,
      options: {
        port: { type: 'string', default: '8080' },
        help: { type: 'boolean', default: false },
      },
    });
    if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) return undefined;
    return { port: Number(values.port), help: values.help };
  } catch {
    return undefined;
  }
}
