/** `onewal/testing`: a disk that fails on demand, and a search for what goes wrong on it. */
export type { CrashImageOptions } from './crash-images.ts';
export { explore } from './explore/explore.ts';
export type {
  CheckContext,
  Exploration,
  ExplorationPlan,
  ExploredFailure,
  ExploredFault,
  FaultTally,
} from './explore/plan.ts';
export {
  type Fault,
  type FaultPlan,
  faultAt,
  faultFrom,
  type PortCall,
  type PortCallKind,
  SimulatedCrash,
  type SyncPersonality,
} from './fault.ts';
export { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts';
