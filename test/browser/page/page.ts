/** The page: answers a test itself, or lets its worker answer. */
import { type Answer, answer } from './answer.ts';

interface WorkerPort {
  onmessage: (event: { data: { id: number; answer: Answer } }) => void;
  onerror: (event: { message?: string }) => void;
  postMessage(message: unknown): void;
}

interface PageScope {
  readonly location: { readonly search: string };
  Worker: new (url: string, options: { type: 'module' }) => WorkerPort;
  inPage(name: string, args: unknown[]): Promise<Answer>;
  inWorker(name: string, args: unknown[]): Promise<Answer>;
}

const scope = globalThis as unknown as PageScope;
const waiting = new Map<number, (answer: Answer) => void>();
let worker: WorkerPort | undefined;
let count = 0;

function startWorker(): WorkerPort {
  const port = new scope.Worker(`/worker.js${scope.location.search}`, { type: 'module' });
  port.onmessage = ({ data: { id, answer } }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  };
  port.onerror = ({ message }) => {
    for (const resolve of waiting.values()) resolve({ error: { message } });
    waiting.clear();
  };
  return port;
}

scope.inPage = answer;
scope.inWorker = (name, args) => {
  worker ??= startWorker();
  const port = worker;
  return new Promise((resolve) => {
    const id = count++;
    waiting.set(id, resolve);
    port.postMessage({ id, name, args });
  });
};
