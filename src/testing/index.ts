/** `onewal/testing`: a disk that fails on demand, for users' own tests. */
export type { CrashImageOptions } from './crash-images.ts';
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
