/** What two engines disagree on at a point. Only what can still be read counts: the compiled engine keeps nothing else. */
import type { EngineState, Frame, TypedBits } from '../engine/state.js';
import type { LiveLocals } from './live-locals.js';
import type { Point } from './point.js';

/** The first thing that differs, as text: what it is, and its value in the first and the second run. */
export interface Difference {
  readonly what: string;
  readonly values: readonly [string, string];
}

export function differenceOf(first: Point, second: Point, live: LiveLocals): Difference | undefined {
  if (first.kind !== second.kind) return difference('how the run goes on', describe(first), describe(second));
  if (first.kind === 'diverged' && second.kind === 'diverged') {
    return compare('how it leaves the recording', first.message, second.message);
  }
  if (first.kind === 'ended' && second.kind === 'ended') {
    return (
      compare('how the run ends', describe(first), describe(second)) ?? stateDifference(first.state, second.state, live)
    );
  }
  if (first.kind !== 'captured' || second.kind !== 'captured') return undefined;
  const [one, other] = [first.checkpoint, second.checkpoint];
  return (
    compare('counter', first.counter, second.counter) ??
    compare('number of logged events', one.session.event, other.session.event) ??
    stateDifference(one.engine, other.engine, live) ??
    compare('digest of the host calls', JSON.stringify(one.session.digest), JSON.stringify(other.session.digest))
  );
}

function stateDifference(first: EngineState, second: EngineState, live: LiveLocals): Difference | undefined {
  return (
    frameDifference(first.frames, second.frames, live) ??
    firstOf(first.globals, (global, at) => valueDifference(`global ${global.index}`, global, second.globals[at])) ??
    firstOf(first.memories, (bytes, at) => memoryDifference(bytes, second.memories[at]!)) ??
    firstOf(first.tables, (elements, at) => tableDifference(at, elements, second.tables[at]!)) ??
    compare('dropped data segments', first.droppedData.join(), second.droppedData.join()) ??
    compare('dropped element segments', first.droppedElements.join(), second.droppedElements.join())
  );
}

function frameDifference(first: readonly Frame[], second: readonly Frame[], live: LiveLocals): Difference | undefined {
  const places = (frames: readonly Frame[]) => frames.map(placeOf).join(', ');
  return (
    firstOf(first, (frame, at) => {
      const other = second[at];
      if (other === undefined || placeOf(frame) !== placeOf(other)) return undefined;
      const readable = live(frame);
      const where = `of the frame in ${placeOf(frame)}`;
      return (
        firstOf(frame.locals, (value, local) => {
          if (!readable(local)) return undefined;
          return valueDifference(`local ${local} ${where}`, value, other.locals[local]);
        }) ?? firstOf(frame.operands, (value, n) => valueDifference(`operand ${n} ${where}`, value, other.operands[n]))
      );
    }) ?? compare('call stack', places(first), places(second))
  );
}

function placeOf({ functionIndex, offset }: Frame): string {
  return `function ${functionIndex} at offset 0x${offset.toString(16)}`;
}

function valueDifference(what: string, first: TypedBits, second: TypedBits | undefined): Difference | undefined {
  if (second === undefined) return difference(what, hex(first.bits), 'nothing');
  return first.bits === second.bits ? undefined : difference(what, hex(first.bits), hex(second.bits));
}

function tableDifference(at: number, first: readonly bigint[], second: readonly bigint[]): Difference | undefined {
  return (
    compare(`size of table ${at}`, first.length, second.length) ??
    firstOf(first, (bits, element) => compare(`element ${element} of table ${at}`, hex(bits), hex(second[element]!)))
  );
}

function memoryDifference(first: Uint8Array, second: Uint8Array): Difference | undefined {
  if (first.length !== second.length) return difference('size of the memory', first.length, second.length);
  const words = first.length >> 3;
  const [one, other] = [first, second].map((bytes) => new BigUint64Array(bytes.buffer, bytes.byteOffset, words));
  for (let word = 0; word < words; word++) {
    if (one![word] === other![word]) continue;
    let at = word * 8;
    while (first[at] === second[at]) at++;
    return difference(`memory at 0x${at.toString(16)}`, hex(BigInt(first[at]!)), hex(BigInt(second[at]!)));
  }
  return undefined;
}

function describe(point: Point): string {
  if (point.kind === 'captured') return `goes on at ${point.counter}`;
  if (point.kind === 'diverged') return `leaves the recording at ${point.counter}: ${point.message}`;
  const { outcome } = point;
  // The compiled engine knows the counter of a trap only as far as the last check before it.
  if (outcome.kind === 'trapped') return `traps: ${outcome.trap}`;
  return `${outcome.kind}${outcome.kind === 'exited' ? ` with ${outcome.exitCode}` : ''} at ${outcome.counter}`;
}

function firstOf<T>(values: readonly T[], look: (value: T, at: number) => Difference | undefined) {
  for (const [at, value] of values.entries()) {
    const found = look(value, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function compare(what: string, first: string | number, second: string | number): Difference | undefined {
  return first === second ? undefined : difference(what, first, second);
}

function difference(what: string, first: string | number, second: string | number): Difference {
  return { what, values: [String(first), String(second)] };
}

function hex(bits: bigint): string {
  return bits < 0n ? 'null' : `0x${bits.toString(16)}`;
}
