/**
 * The rows of the IR table that change pc or fp, and those that leave for the host. `control(o)` returns the handler's
 * last statements; `o` is the offset of the instruction from pc (not 0 inside a superinstruction).
 *
 * Every decision (a branch, a call, a return) charges the instructions up to the next decision at once: `fuel` is
 * lowered by the edge's cost and, if that makes it negative, the loop is left with pc behind the edge, the charge in
 * `cost` and nothing of it executed. The host then refunds it, or steps through it (meter.ts on the TypeScript side).
 */

/** Ends a handler whose pc is already at its target. */
export const CHARGE = (cost) => [
  `fuel -= ${cost};`,
  'if (fuel >= 0) continue;',
  `cost = ${cost};`,
  'code = Exit.FUEL;',
  'break;',
];

const leave = (code) => (o) => [...(o > 0 ? [`pc += ${o};`] : []), `code = Exit.${code};`, 'break;'];

/**
 * Enters `callee` (the address of its entry record) from the call record at `pc + r`: pushes a frame whose header
 * remembers the return address and the depth budget that is left. Layout: assembly/layout.ts.
 */
const enter = (r) => [
  `const depth: u32 = load<u32>(fp + load<u16>(pc, ${r + 4}), 4) - load<u32>(callee, Entry.UNITS);`,
  'if (<i32>depth < 0 && <i32>depth < <i32>load<i16>(callee, Entry.UNITS_LEFT)) { code = Exit.STACK_OVERFLOW; break; }',
  `const frame: u32 = fp + load<u16>(pc, ${r + 2});`,
  'if (frame + load<u32>(callee, Entry.FRAME_BYTES) > load<u32>(State.STACK_END)) { code = Exit.STACK_EXHAUSTED; break; }',
  'const header: u32 = frame + load<u16>(callee, Entry.HEADER);',
  'for (let at: u32 = frame + load<u16>(callee, Entry.PARAM_BYTES); at < header; at += 8) store<u64>(at, 0);',
  `store<u64>(header, <u64>(pc + ${r + 12}) | (<u64>depth << 32));`,
  'fp = frame;',
  'pc = load<u32>(callee, Entry.CODE);',
  'const charge: i64 = <i64>load<u16>(callee, Entry.COST);',
  ...CHARGE('charge'),
];

/** Looks up `$a` in the table at `$table` and checks its type; leaves `callee`, the entry record. */
const lookUp = [
  'if ($a >= load<u32>($table, Table.LENGTH)) { code = Exit.TABLE_OUT_OF_BOUNDS; break; }',
  'const ref: u32 = load<u32>(load<u32>($table) + ($a << 2));',
  'if (ref == 0) { code = Exit.INDIRECT_CALL_NULL; break; }',
  'if (load<u32>(ref, Func.TYPE) != $type) { code = Exit.INDIRECT_CALL_TYPE; break; }',
  'const callee: u32 = load<u32>(ref);',
  'if (callee == 0) { store<u32>(State.CALLEE, ref); code = Exit.CALL_SLOW; break; }',
];

/** Replaces the current frame: arguments move down to fp, the header keeps its return address. */
const replace = [
  'const old: u64 = load<u64>(fp + load<u16>(pc, R + 4));',
  'const depth: u32 = <u32>(old >> 32) + load<u32>(load<u32>(pc, R + 8), Entry.UNITS) - load<u32>(callee, Entry.UNITS);',
  'if (<i32>depth < 0 && <i32>depth < <i32>load<i16>(callee, Entry.UNITS_LEFT)) { code = Exit.STACK_OVERFLOW; break; }',
  'if (fp + load<u32>(callee, Entry.FRAME_BYTES) > load<u32>(State.STACK_END)) { code = Exit.STACK_EXHAUSTED; break; }',
  'const params: u32 = load<u16>(callee, Entry.PARAM_BYTES);',
  'memory.copy(fp, fp + load<u16>(pc, R + 2), params);',
  'const header: u32 = fp + load<u16>(callee, Entry.HEADER);',
  'for (let at: u32 = fp + params; at < header; at += 8) store<u64>(at, 0);',
  'store<u64>(header, (old & 0xffffffff) | (<u64>depth << 32));',
  'pc = load<u32>(callee, Entry.CODE);',
  'const charge: i64 = <i64>load<u16>(callee, Entry.COST);',
  ...CHARGE('charge'),
];
const at = (lines, r) => lines.map((line) => line.replaceAll(/R \+ (\d+)/g, (_, n) => String(r + Number(n))));

/** Pops the frame. The call record in front of the return address knows the caller's fp and the continuation's cost. */
const leaveFrame = (o) => [
  `pc = load<u32>(fp + load<u16>(pc, ${o + 2}));`,
  'fp -= load<u16>(pc - 10);',
  'const charge: i64 = <i64>load<u16>(pc - 6);',
  ...CHARGE('charge'),
];

const hot = (row) => ({ heat: 'hot', ...row });
const cold = (row) => ({ heat: 'cold', ...row });
const CALL = 'delta hdr cost target';

export const controlRows = [
  hot({
    name: 'jump',
    tail: true,
    fields: 'rel',
    control: (o) => [`pc += ${o} + load<i32>(pc, ${o + 4});`, 'continue;'],
  }),
  hot({
    name: 'br_loop',
    tail: true,
    fields: 'cost rel',
    control: (o) => [
      `const charge: i64 = <i64>load<u16>(pc, ${o + 2});`,
      `pc += ${o} + load<i32>(pc, ${o + 4});`,
      ...CHARGE('charge'),
    ],
  }),
  hot({
    name: 'charge',
    tail: true,
    fields: 'cost',
    control: (o) => [`const charge: i64 = <i64>load<u16>(pc, ${o + 2});`, `pc += ${o + 4};`, ...CHARGE('charge')],
  }),
  hot({ name: 'br_nz', fields: 'a:i32 costT costN rel', branch: '$a != 0' }),
  hot({ name: 'br_z', fields: 'a:i32 costT costN rel', branch: '$a == 0' }),
  // Followed by count + 1 pairs (rel, cost); the last is the default.
  hot({
    name: 'br_table',
    fields: 'a:i32 count',
    control: () => [
      'const arm: u32 = pc + 8 + (min<u32>($a, load<u32>(pc, 4)) << 3);',
      'const charge: i64 = <i64>load<u32>(arm, 4);',
      'pc += load<i32>(arm);',
      ...CHARGE('charge'),
    ],
  }),
  hot({
    name: 'call',
    tail: true,
    fields: CALL,
    control: (o) => [...(o > 0 ? [`pc += ${o};`] : []), 'const callee: u32 = load<u32>(pc, 8);', ...enter(0)],
  }),
  // `target` is a function reference until the first execution: the host then patches this into a `call`.
  cold({ name: 'call_lazy', fields: CALL, control: leave('CALL_SLOW') }),
  cold({ name: 'call_host', fields: CALL, control: leave('CALL_HOST') }),
  // Followed by a call_tail: what a return needs is always in the 12 bytes before the return address.
  hot({ name: 'call_indirect', fields: 'a:i32 table type', control: () => [...lookUp, ...enter(12)] }),
  cold({ name: 'call_tail', fields: CALL, control: leave('UNREACHABLE') }),
  // In both, a call_tail follows whose target is the caller's own entry record (for its depth units).
  cold({
    name: 'return_call',
    fields: 'target',
    control: () => [
      'const callee: u32 = load<u32>($target);',
      'if (callee == 0) { store<u32>(State.CALLEE, $target); code = Exit.CALL_SLOW; break; }',
      ...at(replace, 8),
    ],
  }),
  cold({ name: 'return_call_indirect', fields: 'a:i32 table type', control: () => [...lookUp, ...at(replace, 12)] }),
  hot({ name: 'ret', tail: true, fields: 'hdr', control: leaveFrame }),
  hot({ name: 'ret_slot', tail: true, fields: 'hdr a:i64', control: (o) => ['store<u64>(fp, $a);', ...leaveFrame(o)] }),
  hot({ name: 'unreachable', fields: '', control: leave('UNREACHABLE') }),
  // Keeps two places apart that would be one but for instructions without code between them (see Translation.bindHere).
  cold({ name: 'nop', fields: '', control: () => ['pc += 4;', 'continue;'] }),
  cold({ name: 'halt', fields: '', control: leave('HALTED') }),
  // A hook: stands for the code at `target`, which region number `count` runs (src/engine/interpreter/regions).
  cold({ name: 'region', fields: 'hdr target count', control: leave('REGION') }),

  // ---- locals of very large frames, which do not fit into a 16-bit offset
  cold({ name: 'far_get', fields: 'd:i64 off', expr: 'load<u64>(fp + $off)' }),
  cold({ name: 'far_set', fields: 'a:i64 off', effect: ['store<u64>(fp + $off, $a);'] }),
  cold({ name: 'far_get_v128', fields: 'd:v128 off', expr: 'v128.load(fp + $off)' }),
  cold({ name: 'far_set_v128', fields: 'a:v128 off', effect: ['v128.store(fp + $off, $a);'] }),
  cold({ name: 'far_zero', fields: 'off count', effect: ['memory.fill(fp + $off, 0, $count);'] }),

  // ---- table and bulk operators; what needs the host's data leaves with HELPER and comes back behind the instruction
  cold({ name: 'memory_size', fields: 'd:i32', expr: '<u32>(limit >> 16)' }),
  cold({ name: 'memory_grow', fields: 'd:i32 a:i32', control: leave('HELPER') }),
  cold({
    name: 'memory_fill',
    fields: 'a:i32 b:i32 c:i32',
    traps: [['<u64>$a + <u64>$c > limit', 'MEMORY_OUT_OF_BOUNDS']],
    effect: ['memory.fill(GUEST + $a, <u8>$b, $c);'],
  }),
  cold({
    name: 'memory_copy',
    fields: 'a:i32 b:i32 c:i32',
    traps: [['<u64>$a + <u64>$c > limit || <u64>$b + <u64>$c > limit', 'MEMORY_OUT_OF_BOUNDS']],
    effect: ['memory.copy(GUEST + $a, GUEST + $b, $c);'],
  }),
  cold({ name: 'memory_init', fields: 'a:i32 b:i32 c:i32 count', control: leave('HELPER') }),
  cold({ name: 'data_drop', fields: 'count', control: leave('HELPER') }),
  cold({
    name: 'table_get',
    fields: 'd:i32 a:i32 table',
    traps: [['$a >= load<u32>($table, Table.LENGTH)', 'TABLE_OUT_OF_BOUNDS']],
    expr: 'load<u32>(load<u32>($table) + ($a << 2))',
  }),
  cold({
    name: 'table_set',
    fields: 'a:i32 b:i32 table',
    traps: [['$a >= load<u32>($table, Table.LENGTH)', 'TABLE_OUT_OF_BOUNDS']],
    effect: ['store<u32>(load<u32>($table) + ($a << 2), $b);'],
  }),
  cold({ name: 'table_size', fields: 'd:i32 table', expr: 'load<u32>($table, Table.LENGTH)' }),
  cold({ name: 'table_grow', fields: 'd:i32 a:i32 b:i32 table', control: leave('HELPER') }),
  cold({ name: 'table_fill', fields: 'a:i32 b:i32 c:i32 table', control: leave('HELPER') }),
  cold({ name: 'table_copy', fields: 'a:i32 b:i32 c:i32 table type', control: leave('HELPER') }),
  cold({ name: 'table_init', fields: 'a:i32 b:i32 c:i32 table count', control: leave('HELPER') }),
  cold({ name: 'elem_drop', fields: 'count', control: leave('HELPER') }),
];
