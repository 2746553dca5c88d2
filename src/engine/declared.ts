/** What a module declares to need, against the configured limits: the same for both engines. */
import { DecodeError } from '../errors.js';
import type { Module } from '../wasm/module.js';
import { declarationOffset, Section } from '../wasm/sections.js';
import type { EngineLimits } from './engine.js';

/**
 * A memory is held to its limit alone; tables are added up, because a module may declare a hundred thousand of them and the
 * engine would fill all before the guest's first instruction.
 * @throws DecodeError FTW_LIMIT with the offset of the section and what to change
 */
export function checkDeclared(module: Module, { memoryPagesMax, tableElementsMax }: EngineLimits): void {
  const pages = module.memories.reduce((most, { min }) => Math.max(most, min), 0);
  if (pages > memoryPagesMax) {
    throw tooLarge(module, Section.Memory, 'a memory', `${pages} pages`, memoryPagesMax, '--max-memory');
  }
  const elements = module.tables.reduce((sum, { table }) => sum + table.limits.min, 0);
  if (elements > tableElementsMax) {
    const what = module.tables.length === 1 ? 'a table' : `${module.tables.length} tables`;
    throw tooLarge(module, Section.Table, what, `${elements} elements`, tableElementsMax, '--max-table');
  }
}

function tooLarge(module: Module, section: Section, what: string, min: string, max: number, flag: string): DecodeError {
  const message = `the module declares ${what} of at least ${min}, the limit is ${max}: see ${flag}`;
  return new DecodeError('FTW_LIMIT', declarationOffset(module.bytes, section), message, { what, min, max });
}
