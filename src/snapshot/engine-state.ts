/** The engine's state without memories, as bytes. Values take what their type takes; indices are LEB128. */
import { ByteReader } from '../bytes/reader.js';
import { ByteWriter } from '../bytes/writer.js';
import type { EngineState, Frame, GlobalState, PendingCall, TypedBits } from '../engine/state.js';
import { ValType } from '../wasm/module.js';
import { snapshotError } from './chunk.js';

/** Everything that {@link encodeEngineState} writes. */
export type StateWithoutMemories = Omit<EngineState, 'memories'>;

const BYTES: Partial<Record<ValType, number>> = {
  [ValType.I32]: 4,
  [ValType.F32]: 4,
  [ValType.I64]: 8,
  [ValType.F64]: 8,
  [ValType.V128]: 16,
};

export function encodeEngineState(state: StateWithoutMemories): Uint8Array {
  const out = new ByteWriter(4096);
  out.u64(BigInt(state.counter));
  out.u64(BigInt(state.sliceEnd));
  vector(out, state.frames, writeFrame);
  vector(out, state.pendingCall === undefined ? [] : [state.pendingCall], writeCall);
  vector(out, state.globals, (into, global) => {
    into.u32(global.index);
    writeValue(into, global);
  });
  vector(out, state.tables, (into, elements) => vector(into, elements, writeReference));
  vector(out, state.droppedData, (into, index) => into.u32(index));
  vector(out, state.droppedElements, (into, index) => into.u32(index));
  return out.finish();
}

/** @throws FTW_SNAPSHOT when the bytes are anything else */
export function decodeEngineState(bytes: Uint8Array): StateWithoutMemories {
  const reader = new ByteReader(bytes, 0, bytes.length, 'engine state');
  try {
    const state = readState(reader);
    if (!reader.atEnd) throw reader.error('the end', `${reader.remaining} more bytes`);
    return state;
  } catch (cause) {
    throw snapshotError(`the engine's state in the snapshot cannot be read: ${(cause as Error).message}`);
  }
}

function readState(reader: ByteReader): StateWithoutMemories {
  const counter = Number(reader.u64('the counter'));
  const sliceEnd = Number(reader.u64('the end of the slice'));
  const frames = list(reader, 'frames', readFrame);
  const [pendingCall] = list(reader, 'pending calls', readCall);
  const globals = list(reader, 'globals', (from): GlobalState => ({ index: from.u32(), ...readValue(from) }));
  const tables = list(reader, 'tables', (from) => list(from, 'elements', readReference));
  const droppedData = list(reader, 'dropped segments', (from) => from.u32());
  const droppedElements = list(reader, 'dropped segments', (from) => from.u32());
  return {
    ...{ counter, sliceEnd, frames, globals, tables, droppedData, droppedElements },
    ...(pendingCall === undefined ? {} : { pendingCall }),
  };
}

function writeFrame(out: ByteWriter, { functionIndex, locals, offset, operands }: Frame): void {
  out.u32(functionIndex);
  out.u32(offset);
  vector(out, locals, writeValue);
  vector(out, operands, writeValue);
}

function readFrame(reader: ByteReader): Frame {
  const functionIndex = reader.u32('a function index');
  const offset = reader.u32('an offset');
  return {
    functionIndex,
    offset,
    locals: list(reader, 'locals', readValue),
    operands: list(reader, 'operands', readValue),
  };
}

function writeCall(out: ByteWriter, { args, functionIndex }: PendingCall): void {
  out.u32(functionIndex);
  vector(out, args, writeValue);
}

function readCall(reader: ByteReader): PendingCall {
  return { functionIndex: reader.u32('a function index'), args: list(reader, 'arguments', readValue) };
}

function writeValue(out: ByteWriter, { bits, type }: TypedBits): void {
  out.u8(type);
  const bytes = BYTES[type];
  if (bytes === undefined) return writeReference(out, bits);
  out.u32le(Number(BigInt.asUintN(32, bits)));
  for (let at = 4; at < bytes; at += 4) out.u32le(Number(BigInt.asUintN(32, bits >> BigInt(8 * at))));
}

function readValue(reader: ByteReader): TypedBits {
  const type = reader.u8('a value type') as ValType;
  const bytes = BYTES[type];
  if (bytes === undefined) {
    if (type !== ValType.FuncRef && type !== ValType.ExternRef)
      throw reader.error('a value type', `0x${type.toString(16)}`);
    return { type, bits: readReference(reader) };
  }
  let bits = 0n;
  for (let at = 0; at < bytes; at += 4) bits |= BigInt(reader.u32le()) << BigInt(8 * at);
  return { type, bits };
}

/** 0 for null, else the index and 1. */
function writeReference(out: ByteWriter, bits: bigint): void {
  out.u32(Number(bits + 1n));
}

function readReference(reader: ByteReader): bigint {
  return BigInt(reader.u32('a reference')) - 1n;
}

function vector<T>(out: ByteWriter, items: readonly T[], write: (out: ByteWriter, item: T) => void): void {
  out.u32(items.length);
  for (const item of items) write(out, item);
}

function list<T>(reader: ByteReader, what: string, read: (reader: ByteReader) => T): T[] {
  const items: T[] = [];
  for (let left = reader.count(what); left > 0; left--) items.push(read(reader));
  return items;
}
