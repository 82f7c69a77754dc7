/** The dedicated worker of a page: answers what the page passes on. */
import { answer } from './answer.ts';

interface WorkerScope {
  onmessage: (event: { data: { id: number; name: string; args: unknown[] } }) => void;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as WorkerScope;
scope.onmessage = async ({ data: { id, name, args } }) => {
  scope.postMessage({ id, answer: await answer(name, args) });
};
