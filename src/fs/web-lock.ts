/**
 * The queue before a store: one Web Lock for each. It is free as soon as its tab or worker is gone,
 * and tells a holder who lives from one who is still being cleaned up. Any script of the origin may
 * steal it, so that the lock itself is something else: an access handle, or a record.
 */
import { webLocks } from './browser.ts';

export interface WebLock {
  /** Safe to call twice. Resolves when the next one can have it. */
  release(): Promise<void>;
  /** Called once, when another script has stolen it. */
  onStolen: (cause: unknown) => void;
}

/** `unsupported` where the browser has no Web Locks. `displace`: whoever has it, if anybody has. */
export async function takeWebLock(
  name: string,
  { displace = false }: { readonly displace?: boolean } = {},
): Promise<WebLock | 'taken' | 'unsupported'> {
  const locks = webLocks();
  if (locks === undefined) return 'unsupported';
  const options = displace ? { steal: true as const } : { ifAvailable: true as const };
  let held: WebLock | undefined;
  return new Promise((resolve, reject) => {
    const request = locks.request(name, options, (lock) => {
      if (lock === null) {
        resolve('taken');
        return Promise.resolve();
      }
      return new Promise<void>((release) => {
        held = {
          release: () => {
            release();
            return ended;
          },
          onStolen: () => undefined,
        };
        resolve(held);
      });
    });
    const ended = request.catch((error: unknown) => {
      reject(error);
      held?.onStolen(error);
    });
  });
}
