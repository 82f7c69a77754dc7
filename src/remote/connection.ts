/** A port in the hands of a client: requests become messages, messages frames, and silence an end. */
import { FormatError, type OnewalError } from '../errors.ts';
import { hostEnvironment } from '../store/host.ts';
import { Outbox } from './outbox.ts';
import { type Channel, openChannel, type PortLike } from './port.ts';
import {
  type FromOwner,
  PROTOCOL_VERSION,
  type Request,
  type RequestType,
  readFromOwner,
  readHeading,
  type Welcome,
  writeRequest,
} from './protocol.ts';
import { Pulse } from './pulse.ts';
import { otherVersion, portClosed } from './refusal.ts';
import { Source, WireError } from './wire.ts';

export interface ConnectionListener {
  /** Of the request that waits for an answer under this id. */
  typeOf(id: number): RequestType | undefined;
  onFrame(frame: FromOwner): void;
  /** Called once. */
  onEnd(why: OnewalError): void;
}

/** The owner is told at the latest when it has come to so many bytes what was received. */
const UNCONFIRMED_SIZE_MAX = 256 << 10;
/** Of the first request of every connection. */
export const HELLO_ID = 1;

export class Connection {
  readonly #listener: ConnectionListener;
  readonly #outbox: Outbox;
  readonly #channel: Channel;
  #pulse: Pulse | undefined;
  #received = 0;
  #confirmed = 0;
  #isOpen = true;

  /** Throws INVALID_ARGUMENT. */
  constructor(port: PortLike, listener: ConnectionListener) {
    this.#listener = listener;
    this.#outbox = new Outbox({
      ...{ sizeMax: Number.POSITIVE_INFINITY, itemsMax: Number.POSITIVE_INFINITY },
      send: (bytes) => this.#send(bytes),
      received: () => {
        this.#confirmed = this.#received;
        return this.#received;
      },
    });
    this.#channel = openChannel(port, {
      onMessage: (bytes) => this.#receive(bytes),
      onClose: () => this.end(portClosed('the owner of the store is gone')),
    });
    this.send({ type: 'hello', id: HELLO_ID });
  }

  /** Throws LIMIT, with nothing sent. */
  send(request: Request, items?: number): void {
    this.#outbox.add((sink) => writeRequest(sink, request), items);
  }

  /** Sends what was gathered, and lets go of the port. Safe to call twice. */
  end(why: OnewalError): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#outbox.close();
    this.#pulse?.stop();
    this.#channel.close();
    this.#listener.onEnd(why);
  }

  #send(bytes: Uint8Array): void {
    try {
      this.#channel.send(bytes);
    } catch (cause) {
      queueMicrotask(() => this.end(portClosed('the host could not send to the port', cause)));
    }
  }

  #receive(bytes: Uint8Array | undefined): void {
    if (!this.#isOpen) return;
    this.#pulse?.heard();
    try {
      if (bytes === undefined) throw new WireError('a message is a byte string');
      this.#received += bytes.length;
      const source = new Source(bytes);
      const { version } = readHeading(source);
      if (version !== PROTOCOL_VERSION) this.end(otherVersion(version));
      while (this.#isOpen && source.left > 0) {
        const frame = readFromOwner(source, (id) => this.#listener.typeOf(id));
        if (frame.type === 'welcome') this.#start(frame);
        this.#listener.onFrame(frame);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.end(new FormatError('PROTOCOL', `the owner is not understood: ${error.message}`));
    }
    if (this.#received - this.#confirmed > UNCONFIRMED_SIZE_MAX) this.#outbox.beat();
  }

  #start({ messageBytes, messageItems, silence }: Welcome): void {
    this.#outbox.setLimits({ sizeMax: messageBytes, itemsMax: messageItems });
    this.#pulse ??= new Pulse({
      silence,
      timer: hostEnvironment().timer,
      onTick: () => this.#outbox.beat(),
      onSilence: () => this.end(portClosed('the owner of the store has said nothing for too long')),
    });
  }
}
