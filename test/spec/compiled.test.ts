/** Scripts that link instances are skipped: this engine takes functions of the host only. */
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { describeSuite } from './run-suite.js';

describeSuite(new CompiledEngine(), {});
