/** What a new backup is given besides the guest's state: the outputs that clients may not have yet. */
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { ReplicaPort } from '../../../src/gateway/replica-port.js';
import { gatewayNumber, gatewayStream } from '../../../src/gateway/stream-id.js';
import { ByteWindow } from '../../../src/gateway/window.js';
import type { ClientPort } from '../../../src/runtime/client-port.js';
import { Clients } from '../../../src/runtime/clients.js';
import type { Output } from '../../../src/runtime/held-outputs.js';
import { OutputGate } from '../../../src/runtime/output-gate.js';
import { exportOutputs, importOutputs } from '../../../src/runtime/outputs-section.js';

const NUMBER = gatewayNumber(1, 0);
const STREAM = gatewayStream(NUMBER, 0);
const OTHER = gatewayStream(NUMBER, 1);
const DIRECT = 3;
const GUEST = { open() {}, data() {}, eof() {}, reset() {}, credit() {} };

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (chunks: readonly Uint8Array[]) => chunks.map((chunk) => new TextDecoder().decode(chunk)).join('');

/** The I/O side of a replica. */
function side() {
  const port = new ReplicaPort('kv', GUEST);
  const emitted: string[] = [];
  const listeners = { emit: () => emitted.push('direct') } as unknown as ClientPort;
  const stdio: string[] = [];
  const gate = new OutputGate(new Clients(listeners, port), {
    write: (_fd, written, done) => {
      stdio.push(text([written]));
      done?.();
    },
  });
  return { port, gate, emitted, stdio };
}

function send(stream: number, what: string, event: number): Output {
  return { kind: 'send', stream, bytes: bytes(what), event };
}

/** What a gateway that asks from `offset` on would be sent. */
function outputFrom(port: ReplicaPort, stream: number, offset: number): string {
  const chunks: Uint8Array[] = [];
  port.streams.get(stream)?.output.from(offset, (chunk) => chunks.push(chunk));
  return text(chunks);
}

function handOn(from: ReturnType<typeof side>): ReturnType<typeof side> {
  const to = side();
  importOutputs(exportOutputs(from.port, from.gate), to.port, to.gate);
  return to;
}

describe('outputs of a captured state', () => {
  it('has what was released and not taken by the client, with its offsets', () => {
    const primary = side();
    primary.gate.push(send(STREAM, 'one ', 1));
    primary.gate.push(send(STREAM, 'two ', 2));
    primary.gate.release(2);
    primary.port.delivered(STREAM, 4);
    const { port } = handOn(primary);
    const output = port.streams.get(STREAM)?.output;
    expect([output?.start, output?.end]).toEqual([4, 8]);
    expect(outputFrom(port, STREAM, 4)).toBe('two ');
  });

  it('has what waits for release: it becomes part of the streams when the primary has let it leave', () => {
    const primary = side();
    primary.gate.push(send(STREAM, 'released ', 1));
    primary.gate.release(1);
    primary.gate.push(send(STREAM, 'held ', 2));
    primary.gate.push({ kind: 'close', stream: STREAM, event: 3 });
    const { port, gate } = handOn(primary);
    expect(outputFrom(port, STREAM, 0)).toBe('released ');
    gate.trim(2);
    expect(outputFrom(port, STREAM, 0)).toBe('released held ');
    expect(port.streams.get(STREAM)?.ended).toBe('no');
    gate.trim(3);
    expect(port.streams.get(STREAM)?.ended).toBe('close');
  });

  it('leaves once, when the newcomer releases what the dead primary had not', () => {
    const primary = side();
    primary.gate.push(send(STREAM, 'held ', 2));
    primary.gate.push({ kind: 'stdio', fd: 1, bytes: bytes('line\n'), event: 2 });
    const newcomer = handOn(primary);
    newcomer.gate.push(send(STREAM, 'own ', 5));
    newcomer.gate.release(5);
    newcomer.gate.release(6);
    expect(outputFrom(newcomer.port, STREAM, 0)).toBe('held own ');
    expect(newcomer.stdio).toEqual(['line\n']);
  });

  it('has nothing of connections that die with the primary', () => {
    const primary = side();
    primary.gate.push(send(DIRECT, 'for a client of this machine', 2));
    const newcomer = handOn(primary);
    newcomer.gate.release(2);
    expect(newcomer.emitted).toEqual([]);
    expect(newcomer.gate.heldBytes).toBe(0);
  });

  it('has no streams that the guest has not accepted, for only their gateway knows whether they live', () => {
    const primary = side();
    primary.port.stream(STREAM);
    expect(handOn(primary).port.streams.size).toBe(0);
  });

  it('has streams whose client has left before the guest closed its side, and forgets them when it does', () => {
    const primary = side();
    primary.gate.push(send(STREAM, 'unwanted', 1));
    primary.gate.release(1);
    primary.port.forget(STREAM);
    const { port, gate } = handOn(primary);
    expect(port.streams.get(STREAM)).toMatchObject({ finished: true });
    gate.push({ kind: 'close', stream: STREAM, event: 2 });
    gate.trim(2);
    expect(port.streams.size).toBe(0);
  });

  it('has the gateways that were given up, and how long others may stay away', () => {
    const primary = side();
    primary.port.giveUp(NUMBER);
    primary.port.absentMs = 77_000;
    const { port } = handOn(primary);
    expect(port.isGivenUp(NUMBER)).toBe(true);
    expect(port.absentMs).toBe(77_000);
  });

  it('takes the place of everything that was heard before', () => {
    const newcomer = side();
    newcomer.port.trim(OTHER, undefined);
    importOutputs(exportOutputs(side().port, side().gate), newcomer.port, newcomer.gate);
    expect(newcomer.port.streams.size).toBe(0);
  });

  it('keeps offsets past 2^32', () => {
    const primary = side();
    const far = 2 ** 33;
    const state = { ...primary.port.stream(STREAM), output: new ByteWindow(far), delivered: far };
    primary.port.restore([[STREAM, state]], []);
    primary.gate.push(send(STREAM, 'x', far));
    const { port, gate } = handOn(primary);
    expect(port.streams.get(STREAM)).toMatchObject({ delivered: far, output: { start: far, end: far } });
    expect([...gate.held].map(({ event }) => event)).toEqual([far]);
  });
});

describe('anything else is refused', () => {
  const packr = new Packr({ useRecords: false });
  it.each([
    ['nothing', new Uint8Array(0)],
    ['noise', new Uint8Array([0xc1, 0xff, 3])],
    ['null', packr.pack(null)],
    ['another version', packr.pack({ version: 2, streams: [], givenUp: [], absentMs: 1, held: [] })],
    ['a field too few', packr.pack({ version: 1, streams: [], givenUp: [], absentMs: 1 })],
    ['a stream that is none', packr.pack({ version: 1, streams: [7], givenUp: [], absentMs: 1, held: [] })],
  ])('%s', (_, damaged) => {
    const { port, gate } = side();
    expect(() => importOutputs(damaged, port, gate)).toThrow(/outputs of a captured state cannot be read/);
  });
});
