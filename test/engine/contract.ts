/**
 * What every engine must do, whatever it is made of. Each engine has a test file that calls {@link describeEngine}.
 */
import type { Engine } from '../../src/engine/engine.js';
import { describeLimits } from './contract-limits.js';
import { describeRunning } from './contract-running.js';
import type { EngineTraits } from './contract-support.js';

export { type EngineTraits, instanceOptions, TEST_LIMITS } from './contract-support.js';

export function describeEngine(engine: Engine, traits: EngineTraits): void {
  describeRunning(engine, traits);
  describeLimits(engine);
}
