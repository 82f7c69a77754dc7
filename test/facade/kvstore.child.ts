/**
 * What a kvstore throws where nothing catches it: the process that this file becomes prints every
 * uncaught exception as a line, and goes on.
 */
import { openKvstore } from '../../src/facade/kvstore.ts';

const [directory = ''] = process.argv.slice(2);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

process.on('uncaughtException', (error) => print(`uncaught ${error}`));
process.on('unhandledRejection', (error) => print(`unhandled ${error}`));

const never = () => print('called back');
const turn = () => new Promise((resolve) => setTimeout(resolve, 50));

const kvstore = openKvstore(directory);
kvstore.get('', never);
await turn();
kvstore.get(null, never);
await turn();
kvstore.put('key', undefined, never);
await turn();
kvstore.put([], 'value', never);
await turn();
kvstore.del(undefined, never);
await turn();
kvstore.get('missing', () => {
  throw new Error('by the callback of get');
});
await turn();
kvstore.batch().write(() => {
  throw new Error('by the callback of write');
});
await turn();
openKvstore(directory);
await turn();
await kvstore.close();
kvstore.put('key', 'value', never);
await turn();
print('done');
