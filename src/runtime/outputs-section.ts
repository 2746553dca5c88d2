/**
 * The outputs that belong to a captured state: what the guest has sent and clients may not have yet. A new backup needs
 * them as much as the state, because after a failover a gateway asks for them again (R6), and what was held must leave.
 */
import { Packr } from 'msgpackr/pack';
import { ChannelError } from '../errors.js';
import type { PortStream, ReplicaPort } from '../gateway/replica-port.js';
import { gatewayOf } from '../gateway/stream-id.js';
import { ByteWindow } from '../gateway/window.js';
import type { StreamId } from '../host/services.js';
import type { Output } from './held-outputs.js';
import type { OutputGate } from './output-gate.js';

const VERSION = 1;

const packr = new Packr({ useRecords: false, int64AsType: 'number' });

type StreamRow = readonly [
  stream: StreamId,
  start: number,
  chunks: readonly Uint8Array[],
  delivered: number,
  ended: PortStream['ended'],
  finished: boolean,
];

interface OutputsSection {
  readonly version: number;
  readonly streams: readonly StreamRow[];
  readonly givenUp: readonly number[];
  /** How long a gateway may stay away, in ms. */
  readonly absentMs: number;
  readonly held: readonly Output[];
}

/** Everything as of now; both keep nothing of the returned bytes. */
export function exportOutputs(port: ReplicaPort, gate: OutputGate): Uint8Array {
  const streams: StreamRow[] = [];
  for (const [stream, state] of port.streams) if (isKnownToGuest(state)) streams.push(rowOf(stream, state));
  const held = [...gate.held].filter((output) => output.kind === 'stdio' || gatewayOf(output.stream) !== undefined);
  const { absentMs, givenUp } = port;
  const section: OutputsSection = { version: VERSION, streams, givenUp: [...givenUp], absentMs, held };
  return packr.pack(section);
}

/** @throws ChannelError FTW_FRAME when the bytes are anything else */
export function importOutputs(bytes: Uint8Array, port: ReplicaPort, gate: OutputGate): void {
  const { streams, givenUp, absentMs, held } = unpack(bytes);
  try {
    port.absentMs = Math.max(port.absentMs, absentMs);
    port.restore(
      streams.map((row) => [row[0], streamOf(row)]),
      givenUp,
    );
    for (const output of held) gate.push(output);
  } catch (cause) {
    throw damaged((cause as Error).message);
  }
}

/** A stream that the guest has not accepted yet is its gateway's alone. */
function isKnownToGuest({ output, ended, finished }: PortStream): boolean {
  return output.end > 0 || ended !== 'no' || finished;
}

function rowOf(stream: StreamId, { output, delivered, ended, finished }: PortStream): StreamRow {
  const chunks: Uint8Array[] = [];
  output.from(output.start, (bytes) => chunks.push(bytes));
  return [stream, output.start, chunks, delivered, ended, finished];
}

function streamOf([, start, chunks, delivered, ended, finished]: StreamRow): PortStream {
  const output = new ByteWindow(start);
  for (const chunk of chunks) output.push(chunk);
  return { output, delivered, ended, finished, inputNext: 0, taken: 0, accepted: 0, creditFrom: 0 };
}

function unpack(bytes: Uint8Array): OutputsSection {
  let section: Partial<OutputsSection> | null;
  try {
    section = packr.unpack(bytes) as Partial<OutputsSection> | null;
  } catch (cause) {
    throw damaged((cause as Error).message);
  }
  const { version, streams, givenUp, absentMs, held } = section ?? {};
  if (version !== VERSION) throw damaged(`version ${String(version)} is not known`);
  if (!Array.isArray(streams) || !Array.isArray(givenUp) || !Array.isArray(held) || typeof absentMs !== 'number')
    throw damaged('fields are missing');
  return { version, streams, givenUp, absentMs, held };
}

function damaged(why: string): ChannelError {
  return new ChannelError('FTW_FRAME', `the outputs of a captured state cannot be read: ${why}`);
}
