/** The side that uses a store of somebody else. */
import { checkSignal, requireWhole, type StoreEvent } from '../options.ts';
import { hostEnvironment } from '../store/host.ts';
import { Link } from './link.ts';
import type { PortLike } from './port.ts';
import { portClosed } from './refusal.ts';
import { RemoteStore } from './remote-store.ts';

export interface ConnectOptions {
  /** Milliseconds to wait for the owner. Default 10,000; 0 waits for ever. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Is told what nobody else is: listeners that throw, subscriptions that ended. */
  readonly logger?: (event: StoreEvent) => void;
}

const TIMEOUT_DEFAULT = 10_000;

/**
 * The store that is served at the other side of `port`.
 *
 * Rejects with PORT_CLOSED when nobody answers, PROTOCOL when the other side is of another version,
 * ABORTED, INVALID_ARGUMENT. The port is closed then.
 */
export async function connect(port: PortLike, options: ConnectOptions = {}): Promise<RemoteStore> {
  const { signal, logger = () => undefined } = options;
  const timeout = requireWhole('timeout', options.timeout ?? TIMEOUT_DEFAULT, 0);
  checkSignal(signal);
  const link = new Link();
  const greeted = link.attach(port);
  const stop = (): void => link.end(portClosed('connecting was aborted', signal?.reason));
  signal?.addEventListener('abort', stop);
  const late = (): void => link.end(portClosed(`nobody has answered for ${timeout} ms`));
  const stopTimer = timeout === 0 ? () => undefined : hostEnvironment().timer(timeout, late);
  try {
    await greeted;
    return new RemoteStore(link, logger);
  } catch (error) {
    checkSignal(signal);
    throw error;
  } finally {
    stopTimer();
    signal?.removeEventListener('abort', stop);
  }
}
