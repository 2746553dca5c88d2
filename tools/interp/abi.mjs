/**
 * What the loop in assembly/ and the host in src/engine/interpreter agree on, generated into both: the memory map of
 * the fixed regions, the records that both sides read, and the exit codes.
 */

/** Fixed addresses. Everything else (code, tables, globals, the value stack) is allocated by the host below GUEST. */
export const MEMORY = {
  /** The state block, see State; the loop keeps its hot part in locals while it runs. */
  STATE: 0,
  /** First Func record; a function reference IS the address of its record, so 0 is null. */
  FUNCS: 0x1_0000,
  /** First address that the host allocates from: FUNCS + 1,000,000 records of 8 bytes, rounded up. */
  ARENA: 0x80_0000,
  /** Guest memory starts here and is last, so that it can grow. Constant, so that it folds into loads and stores. */
  GUEST: 0x1000_0000,
  /** Profiling builds only: distance from code to its execution counters. */
  PROFILE: 0x0800_0000,
};

/** Byte offsets of records. */
export const RECORDS = {
  State: {
    PC: 0,
    FP: 4,
    /** i64: instructions that may still be executed (and have not been charged). */
    FUEL: 8,
    /** i64: on Exit.FUEL, the charge of the edge that was refused. */
    COST: 16,
    /** u64: size of the guest memory in bytes. */
    MEMORY_BYTES: 24,
    /** First address behind the value stack. */
    STACK_END: 32,
    /** On Exit.CALL_SLOW of an indirect or tail call: the callee's Func record. */
    CALLEE: 36,
  },
  /** A function: `entry` is the address of its translated code's Entry record, 0 if it is not translated or imported. */
  Func: { ENTRY: 0, TYPE: 4, SIZE: 8 },
  /**
   * In front of translated code. HEADER and PARAM_BYTES are offsets from fp; CODE is where a call goes: behind the record,
   * or to a region's hook; REGION is the function's number in the table of regions, 0 if it has none. UNITS_LEFT (i16) is the
   * least that must be left of the depth budget when the frame has taken its UNITS.
   */
  Entry: {
    FRAME_BYTES: 0,
    UNITS: 4,
    PARAM_BYTES: 8,
    HEADER: 10,
    COST: 12,
    UNITS_LEFT: 14,
    CODE: 16,
    REGION: 20,
    SIZE: 24,
  },
  /** A table: address of its elements (u32 each: a function reference, or an external one + 1), and their number. */
  Table: { ELEMENTS: 0, LENGTH: 4, SIZE: 8 },
};

/** Why the loop was left. HOT and COLD only switch between its two halves, REGION enters a region. */
export const EXITS = [
  'COLD',
  'HOT',
  'FUEL',
  'CALL_SLOW',
  'CALL_HOST',
  'HELPER',
  'REGION',
  'HALTED',
  'STACK_EXHAUSTED',
  'UNREACHABLE',
  'MEMORY_OUT_OF_BOUNDS',
  'TABLE_OUT_OF_BOUNDS',
  'INDIRECT_CALL_NULL',
  'INDIRECT_CALL_TYPE',
  'INTEGER_DIVIDE_BY_ZERO',
  'INTEGER_OVERFLOW',
  'INVALID_CONVERSION',
  'STACK_OVERFLOW',
];
