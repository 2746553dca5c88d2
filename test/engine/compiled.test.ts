import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { describeEngine } from './contract.js';

describeEngine(new CompiledEngine(), { exactAtTraps: false, tellsNullFromType: false });
