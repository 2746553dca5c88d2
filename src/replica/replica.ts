/**
 * One replica's part of the protocol (design.md section 6): `step` takes an input and the driver's monotonic time and
 * returns the effects to carry out, in order. The same code runs in production and in the simulator.
 */
import type { Effect, Input, ReplicaConfig } from './types.js';

export class Replica {
  constructor(readonly config: ReplicaConfig) {}

  step(_input: Input, _nowMs: number): Effect[] {
    return [];
  }
}
