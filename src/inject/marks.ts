/**
 * A second pass, over code that the first one has made: every store also says which page it writes, so that a copy that is
 * made while the guest runs need not look at all pages again. The module is otherwise the same one: every index stays, a
 * frame has the same places and values, nothing is charged. What it adds stands behind what is there:
 *
 *     a table of one element     the function `(start, bytes) -> window`, which the host puts there: it notes the pages
 *     a global, the window       start of a page that is noted, so that most stores need not call
 *
 * The memory is imported instead of defined, because it is the one of the instance whose run goes on here, and active data
 * segments are empty, as they are once an instance has been made.
 */
import { invariant } from '../errors.js';
import { decodeModule } from '../wasm/decode/index.js';
import { encodeModule } from '../wasm/encode/index.js';
import { type DataSegment, type FuncType, type Module, ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { allGlobals, allTables, functionTypeIndices, importedFunctionCount } from '../wasm/spaces.js';
import { ENGINE_MODULE } from './layout.js';
import { MarkedBodies } from './marked-bodies.js';

/** Names of what a marked module exports besides, behind a prefix; the memory is imported under its name from the engine. */
export const MARKS = { table: 'marks', window: 'window', memory: 'memory' } as const;

/** `(start, bytes) -> start of the last page that it has noted`. */
export const MARK_TYPE: FuncType = { params: [ValType.I32, ValType.I32], results: [ValType.I32] };

/** Marks a module with one memory, defined or imported, that {@link inject} or {@link resumeModule} has made. */
export function addMarks(bytes: Uint8Array, prefix: string): Uint8Array {
  const module = decodeModule(bytes);
  return encodeModule(marked(module, prefix), {
    writeBody: bodiesOf(module).writer(),
    capacity: Math.ceil(bytes.length * ROOM) + 1024,
  });
}

/** The place in `bytes` of what a marked module has at `offset`, in its function `index`. */
export function unmarkedOffset(bytes: Uint8Array, prefix: string, index: number, offset: number): number {
  const module = decodeModule(bytes);
  const defined = index - importedFunctionCount(module);
  const body = module.bodies[defined];
  invariant(body !== undefined, `function ${index} has no body`);
  const markedBody = decodeModule(addMarks(bytes, prefix)).bodies[defined]!.body;
  return bodiesOf(module).originalOffset(defined, offset - markedBody.start);
}

function bodiesOf(module: Module): MarkedBodies {
  return new MarkedBodies(module, functionTypeIndices(module).subarray(importedFunctionCount(module)), {
    type: module.types.length,
    table: allTables(module).length,
    window: allGlobals(module).length,
  });
}

function marked(module: Module, prefix: string): Module {
  const [memory] = module.memories;
  const tables = allTables(module).length;
  const globals = allGlobals(module).length;
  return {
    ...module,
    types: [...module.types, MARK_TYPE],
    imports: [
      ...module.imports,
      ...(memory === undefined
        ? []
        : [{ module: ENGINE_MODULE, name: MARKS.memory, desc: { kind: 'memory', memory } as const, offset: 0 }]),
    ],
    memories: module.memories.slice(1),
    tables: [...module.tables, { table: { element: ValType.FuncRef, limits: { min: 1, max: 1 } } }],
    globals: [...module.globals, { global: { type: ValType.I32, mutable: true }, init: ZERO }],
    exports: [
      ...module.exports,
      { name: prefix + MARKS.table, kind: 'table', index: tables },
      { name: prefix + MARKS.window, kind: 'global', index: globals },
    ],
    data: module.data.map((segment) => (segment.mode === 'active' ? DROPPED : segment)),
  };
}

/** Stores are one instruction in ten or twenty, and each becomes five to eight times as long. */
const ROOM = 1.6;

const DROPPED: DataSegment = { mode: 'passive', memoryIndex: 0, data: { start: 0, end: 0 } };
const ZERO = { start: 0, end: 3, source: Uint8Array.of(Op.I32Const, 0, Op.End) };
