/** Lets the event loop run other work, as soon as the host can come back. */

interface Channel {
  readonly port1: { onmessage: (() => void) | null };
  readonly port2: { postMessage(message: undefined): void };
}

let channel: Channel | undefined;
let waiting: (() => void)[] = [];

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else postTurn(resolve);
  });
}

/** Browsers make a timer that follows other timers wait for 4 ms; a message comes at once. */
function postTurn(resolve: () => void): void {
  channel ??= openChannel();
  waiting.push(resolve);
  channel.port2.postMessage(undefined);
}

function openChannel(): Channel {
  const { MessageChannel } = globalThis as unknown as { MessageChannel: new () => Channel };
  const opened = new MessageChannel();
  opened.port1.onmessage = () => {
    const [first, ...rest] = waiting;
    waiting = rest;
    first?.();
  };
  return opened;
}
