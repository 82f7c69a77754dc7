/** The side that owns the store. */
import type { OnewalError } from '../errors.ts';
import type { Store } from '../store.ts';
import { checkPolicy, type Policy } from './policy.ts';
import type { PortLike } from './port.ts';
import { portClosed } from './refusal.ts';
import { type ServerStats, Session } from './session.ts';

/** One served port. */
export class RemoteServer {
  /** Resolves when the port is served no more: to why. */
  readonly closed: Promise<OnewalError | undefined>;
  readonly #session: Session;

  /** Use `serve`. */
  constructor(session: Session) {
    this.#session = session;
    this.closed = session.closed;
  }

  stats(): ServerStats {
    return this.#session.stats();
  }

  /** Ends what the other side has open, and closes the port. The store stays open. */
  close(): void {
    this.#session.close(portClosed('the owner serves the port no more'));
  }
}

/**
 * Lets whoever is at the other side of `port` use `store`, as far as `policy` allows: it is not
 * trusted. Ends with the port, and when the store is closed. One port serves one client; serve as
 * many ports as you like.
 *
 * Throws INVALID_ARGUMENT, CLOSED.
 */
export function serve(store: Store, port: PortLike, policy: Policy): RemoteServer {
  return new RemoteServer(new Session(store, port, checkPolicy(policy)));
}
