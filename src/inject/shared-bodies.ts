/** The bodies of a module in memory that threads share, cut into ranges of which every thread takes the next one when it is done with its last. */
import type { FunctionBody, Module } from '../wasm/module.js';
import type { FunctionRange } from './function-range.js';

/** Can be cloned, and what is large in it is shared. */
export interface SharedBodies {
  /** Three numbers per body: its start, the start of its code, the end of both. */
  readonly bodies: Uint32Array;
  /** First function of each range, counted without imports; one more at the end. */
  readonly starts: Uint32Array;
}

export function shareBodies(module: Module, rangeBytes: number): SharedBodies {
  return { bodies: bodyTable(module), starts: cut(module, rangeBytes) };
}

/** A body by the number of its function, counted without imports. */
export function sharedBody({ bodies }: SharedBodies, at: number): FunctionBody {
  const [start, code, end] = [bodies[at * 3]!, bodies[at * 3 + 1]!, bodies[at * 3 + 2]!];
  return { body: { start, end }, code: { start: code, end } };
}

export function rangeCount({ starts }: SharedBodies): number {
  return starts.length - 1;
}

export function rangeAt({ starts }: SharedBodies, range: number): FunctionRange {
  return { from: starts[range]!, to: starts[range + 1]! };
}

/** Memory that threads share with the content of `bytes`: that itself, if they do already. */
export function sharedBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** Numbers that threads count up together, all 0. */
export function sharedCounters(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * 4));
}

/** Cuts the bodies into ranges of `rangeBytes` or a little more. */
function cut({ bodies }: Module, rangeBytes: number): Uint32Array {
  const starts = [0];
  let bytes = 0;
  for (let at = 0; at < bodies.length; at++) {
    const { start, end } = bodies[at]!.body;
    bytes += end - start;
    if (bytes < rangeBytes && at < bodies.length - 1) continue;
    starts.push(at + 1);
    bytes = 0;
  }
  return Uint32Array.from(starts);
}

function bodyTable({ bodies }: Module): Uint32Array {
  const table = new Uint32Array(new SharedArrayBuffer(bodies.length * 12));
  for (let at = 0; at < bodies.length; at++) {
    const { body, code } = bodies[at]!;
    table[at * 3] = body.start;
    table[at * 3 + 1] = code.start;
    table[at * 3 + 2] = code.end;
  }
  return table;
}
