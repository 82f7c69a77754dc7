/** onewal/remote: one store, used from threads, processes and tabs that do not own it. */
export { type ConnectOptions, connect } from './connect.ts';
export type { Turn } from './holder.ts';
export type { Limits, MapRule, Policy, Privilege } from './policy.ts';
export type { EmitterPort, PortLike, ProcessPort, WebPort } from './port.ts';
export type { RemoteMap } from './remote-map.ts';
export type { RemoteReads } from './remote-reads.ts';
export type { RemoteStore } from './remote-store.ts';
export type { RemoteTransaction, RemoteTransactionMap } from './remote-transaction.ts';
export type { RemoteView } from './remote-view.ts';
export { type RemoteServer, serve } from './serve.ts';
export type { ServerStats } from './session.ts';
export { shareFromWorker, type WorkerScope, type WorkerShare } from './share-from-worker.ts';
export type { ShareOptions } from './share-options.ts';
export { shareStore } from './share-store.ts';
export type { OwnerEvent, SharedStore } from './shared-store.ts';
export type { OwnerPlace } from './tab.ts';
export type { WorkerLike } from './worker-holder.ts';
