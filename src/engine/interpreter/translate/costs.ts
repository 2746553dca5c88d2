/** What an executed operator adds to the counter, by flat opcode; the one table is that of the compiled engine. */
export { COST_OF as ByteCosts, ENTRY_COST } from '../../../inject/costs.js';
export { frameUnits } from '../../../inject/frame-units.js';
export { isGuarded, OVERDRAFT_MAX, Recursion } from '../../../inject/recursion.js';
