import { interpreterEngine } from '../support/interpreter.js';
import { describeEngine } from './contract.js';

describeEngine(interpreterEngine(), { exactAtTraps: true, tellsNullFromType: false });
