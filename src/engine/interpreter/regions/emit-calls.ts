/**
 * Calls inside of regions. The caller's frame is written back, the callee's is made as the loop makes it, so that the callee
 * can leave to the loop at any place; then the callers only return as well. Where anything is not as hoped for, a region
 * leaves in front of the call.
 */
import { ValType } from '../../../wasm/module.js';
import { Entry, Func, State, Table } from '../generated/abi.js';
import { Ir } from '../generated/ir.js';
import { Param } from './body.js';
import type { Emitter } from './emitter.js';
import { variable } from './ir-code.js';
import { REGION_TYPE } from './region-module.js';

/** Bytes of the engine's own stack that a frame of a region can take: two words for each value, and some more. */
const FRAME_FIXED = 400;
const FRAME_PER_HOME = 24;

const RECORD_BYTES = 12;
const { I32 } = ValType;

/**
 * `live` and `behind`: operands needed in front of the call and behind it; `dirty`: locals to write back, none afterwards.
 * @returns whether the region goes on behind the call
 */
export function emitCall(
  e: Emitter,
  at: number,
  live: ReadonlySet<number>,
  behind: ReadonlySet<number>,
  dirty: Set<number>,
): boolean {
  const op = e.code.op(at);
  if (op === Ir.call) callKnown(e, at, live, dirty);
  else if (op === Ir.call_indirect) callIndirect(e, at, live, dirty);
  else {
    e.exit(at, live);
    return false;
  }
  goOn(e, at, behind);
  return true;
}

function callKnown(e: Emitter, at: number, live: ReadonlySet<number>, dirty: Set<number>): void {
  const { around, body, code } = e;
  const { u16, u32 } = around.machine.memory;
  const callee = code.word(at, 'target') >>> 0;
  const cost = u16[(callee + Entry.COST) >> 1]!;
  const header = u16[(callee + Entry.HEADER) >> 1]!;
  const index = around.calleeIndex(callee);
  const region = e.temporary(I32, 'region');
  const depth = e.temporary(I32, 'depth');
  body.get(Param.FUEL).i64(cost).op('i64.lt_s');
  noRoom(e);
  body
    .get(Param.FP)
    .memory('i32.load', code.header + 4)
    .i32(u32[(callee + Entry.UNITS) >> 2]!)
    .op('i32.sub');
  body.tee(depth).i32(around.machine.unitsLeftMin(callee)).op('i32.lt_s', 'i32.or');
  const last = u32[State.STACK_END >> 2]! - u32[(callee + Entry.FRAME_BYTES) >> 2]! - code.field(at, 'delta');
  body.get(Param.FP).i32(last).op('i32.gt_u', 'i32.or');
  if (index === undefined) {
    body
      .i32(0)
      .memory('i32.load', callee + Entry.REGION)
      .tee(region)
      .op('i32.eqz', 'i32.or');
  }
  e.exitIf(at, live);
  writeBack(e, live, dirty);
  const frame = code.field(at, 'delta') + header;
  body
    .get(Param.FP)
    .i32(code.address(at) + RECORD_BYTES)
    .memory('i32.store', frame);
  body
    .get(Param.FP)
    .get(depth)
    .memory('i32.store', frame + 4);
  passOn(e, at, () => body.i64(cost));
  if (index !== undefined) body.op('call').code.u32(index);
  else callTable(e, region);
}

/** The lookup of `call_indirect` in tools/interp/table-control.mjs, with another answer to what is not as it should be. */
function callIndirect(e: Emitter, at: number, live: ReadonlySet<number>, dirty: Set<number>): void {
  const { body, code, homes } = e;
  const table = code.word(at, 'table') >>> 0;
  const record = code.callRecord(at);
  const delta = code.field(record, 'delta');
  const ref = e.temporary(I32, 'ref');
  const callee = e.temporary(I32, 'callee');
  const depth = e.temporary(I32, 'depth');
  const region = e.temporary(I32, 'region');
  const leaveIf = () => e.exitIf(at, live);
  homes.get(code.field(at, 'a'), I32);
  body
    .i32(0)
    .memory('i32.load', table + Table.LENGTH)
    .op('i32.ge_u');
  leaveIf();
  body.i32(0).memory('i32.load', table + Table.ELEMENTS);
  homes.get(code.field(at, 'a'), I32);
  body.i32(2).op('i32.shl', 'i32.add').memory('i32.load', 0).tee(ref).op('i32.eqz');
  // Reading the record of a null reference is harmless.
  body.get(ref).memory('i32.load', Func.TYPE).i32(code.word(at, 'type')).op('i32.ne', 'i32.or');
  body.get(ref).memory('i32.load', Func.ENTRY).tee(callee).op('i32.eqz', 'i32.or');
  leaveIf();
  body.get(callee).memory('i32.load', Entry.REGION).tee(region).op('i32.eqz');
  body.get(Param.FUEL).get(callee).memory('i64.load16_u', Entry.COST).op('i64.lt_s', 'i32.or');
  noRoom(e);
  body
    .get(Param.FP)
    .memory('i32.load', code.header + 4)
    .get(callee)
    .memory('i32.load', Entry.UNITS)
    .op('i32.sub');
  body.tee(depth).get(callee).memory('i32.load16_s', Entry.UNITS_LEFT).op('i32.lt_s', 'i32.or');
  body.get(Param.FP).i32(delta).op('i32.add').get(callee).memory('i32.load', Entry.FRAME_BYTES).op('i32.add');
  body.i32(0).memory('i32.load', State.STACK_END).op('i32.gt_u', 'i32.or');
  leaveIf();
  writeBack(e, live, dirty);
  const header = ref;
  body.get(Param.FP).get(callee).memory('i32.load16_u', Entry.HEADER).op('i32.add').set(header);
  body
    .get(header)
    .i32(code.address(record) + RECORD_BYTES)
    .memory('i32.store', delta);
  body
    .get(header)
    .get(depth)
    .memory('i32.store', delta + 4);
  passOn(e, record, () => body.get(callee).memory('i64.load16_u', Entry.COST));
  callTable(e, region);
}

/** Adds to the condition on the stack: the engine's own stack may not be deep enough for another region. */
function noRoom(e: Emitter): void {
  e.body.get(Param.ROOM).i32(roomOf(e)).op('i32.lt_s', 'i32.or');
}

function roomOf({ homes }: Emitter): number {
  return FRAME_FIXED + FRAME_PER_HOME * homes.estimate;
}

function writeBack(e: Emitter, live: ReadonlySet<number>, dirty: Set<number>): void {
  for (const slot of dirty) e.storeLocal(slot);
  dirty.clear();
  e.storeOperands(live);
}

/** The callee's parameters as a region: its frame, the fuel behind its entry, the room that is left. */
function passOn(e: Emitter, record: number, cost: () => void): void {
  const { body, code } = e;
  body.get(Param.FP).i32(code.field(record, 'delta')).op('i32.add');
  body.get(Param.FUEL);
  cost();
  body.op('i64.sub');
  body.get(Param.ROOM).i32(roomOf(e)).op('i32.sub');
}

function callTable({ body }: Emitter, region: number): void {
  body.get(region).op('call_indirect').code.u32(REGION_TYPE);
  body.code.u8(0);
}

/** Behind the call: the frame is as it was written back, with the results in it. */
function goOn(e: Emitter, at: number, behind: ReadonlySet<number>): void {
  const { around, body, code, homes } = e;
  const record = code.callRecord(at);
  const status = e.temporary(I32, 'status');
  body.set(Param.FUEL).tee(status).open('if').get(status).get(Param.FUEL).op('return').end();
  const cost = code.field(record, 'cost');
  if (cost > 0) {
    body.get(Param.FUEL).i64(cost).op('i64.sub').set(Param.FUEL);
    body.get(Param.FUEL).i64(0).op('i64.lt_s').open('if');
    body.i32(0).i64(cost).memory('i64.store', State.COST);
    body.i32(0).get(Param.FP).memory('i32.store', State.FP);
    body
      .i32((code.address(record) + RECORD_BYTES) | 1)
      .get(Param.FUEL)
      .op('return')
      .end();
  }
  for (const { slot, type } of around.calls.places(code, at).results) {
    if (behind.has(variable(slot, type))) homes.load(homes.of(slot, type));
  }
}
