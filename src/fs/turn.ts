/** Lets the event loop run other work, as soon as the host can come back. */

interface Channel {
  readonly port1: { onmessage: (() => void) | null };
  readonly port2: { postMessage(message: undefined): void };
}

const { MessageChannel } = globalThis as unknown as { MessageChannel?: new () => Channel };

let channel: Channel | undefined;
let waiting: (() => void)[] = [];

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else if (MessageChannel !== undefined) postTurn(MessageChannel, resolve);
    else setTimeout(resolve, 0);
  });
}

/** Browsers make a timer that follows other timers wait for 4 ms; a message comes at once. */
function postTurn(HostChannel: new () => Channel, resolve: () => void): void {
  channel ??= openChannel(HostChannel);
  waiting.push(resolve);
  channel.port2.postMessage(undefined);
}

function openChannel(HostChannel: new () => Channel): Channel {
  const opened = new HostChannel();
  opened.port1.onmessage = () => {
    const [first, ...rest] = waiting;
    waiting = rest;
    first?.();
  };
  return opened;
}
