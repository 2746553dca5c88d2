/** `ft-wasm verify`: both engines over one recording; where they differ, the instruction. */
import { describePlace, type EngineDifference, EXIT_CODES, type Verdict, verifyRecording } from '../index.js';
import { CACHE_FLAGS, type RawCacheFlags, toCacheOptions } from './cache-flags.js';
import { defined, type Environment, type Flag, optional } from './flags.js';
import { parseCount } from './parse/count.js';
import { Progress } from './progress.js';
import type { CliProcess } from './streams.js';

export const VERIFY_FLAGS: readonly Flag[] = [
  ['Verify', '--module <file>', 'the recorded module, if it is neither in the recording nor where it was'],
  ['Verify', '--every <n>', 'instructions between two comparisons (default: 10000000)'],
  ['Reports', '--json', 'print the verdict as one JSON object'],
  ...CACHE_FLAGS,
];

export interface RawVerifyFlags extends RawCacheFlags {
  readonly module?: string;
  readonly every?: string;
  readonly json?: boolean;
}

/** Prints the verdict; returns 0 if the engines agree, 73 if they do not, or do not what the recording says. */
export async function verify(
  recording: string,
  flags: RawVerifyFlags,
  own: Environment,
  process: CliProcess,
): Promise<number> {
  const every = optional(flags.every, (text) => parseCount(text, '--every', 1));
  const progress = new Progress(process.stderr);
  const onProgress = progress.of('verifying');
  const verdict = await verifyRecording({
    ...{ recording, onProgress, ...toCacheOptions(flags, own) },
    ...defined({ module: flags.module, every }),
  });
  progress.clear();
  process.stdout.write(flags.json === true ? `${JSON.stringify(verdict, hexadecimal)}\n` : textOf(recording, verdict));
  return verdict.kind === 'equal' ? EXIT_CODES.ok : EXIT_CODES.divergence;
}

/** Bits of values as text, because JSON has no integers of 64 bits. */
function hexadecimal(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? hex(value) : value;
}

function hex(bits: bigint): string {
  return bits < 0n ? 'null' : `0x${bits.toString(16)}`;
}

function textOf(recording: string, verdict: Verdict): string {
  switch (verdict.kind) {
    case 'equal':
      return `${recording}: both engines agree, at ${verdict.compared} points up to counter ${verdict.counter} (${verdict.end})\n`;
    case 'diverged':
      return `${recording}: both engines leave the recording alike at counter ${verdict.counter}: ${verdict.message}\n`;
    case 'different':
      return `${recording}: the engines differ\n${linesOf(verdict.difference).join('\n')}\n`;
  }
}

function linesOf({ agreedTo, instruction, seenAt, values, what }: EngineDifference): string[] {
  const seen = [
    `  seen at counter   ${seenAt}, equal at ${agreedTo}`,
    `  what differs      ${what}`,
    `    compiled        ${values[0]}`,
    `    interpreter     ${values[1]}`,
  ];
  if (instruction === undefined)
    return [...seen, '  no single instruction can be blamed: looked at more closely, they agree'];
  const { after, before, counter, functionIndex, functionName, offset } = instruction;
  const place = describePlace({ functionIndex, offset, ...defined({ functionName }) });
  return [
    `  first difference  ${instruction.instruction} in ${place}, after ${counter} instructions`,
    `    operands        ${bitsOf(before)}`,
    `    interpreter's   ${bitsOf(after)} behind it`,
    ...seen,
  ];
}

function bitsOf(values: readonly { readonly bits: bigint }[]): string {
  return `[${values.map(({ bits }) => hex(bits)).join(' ')}]`;
}
