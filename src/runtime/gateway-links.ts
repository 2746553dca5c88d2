/** Gateways' connections to one replica, and what a live replica tells its backups about them. */
import { ChannelError } from '../errors.js';
import { RecordKind, RecordWriter, readRecords } from '../gateway/records.js';
import { GatewayLink } from '../gateway/replica-link.js';
import type { ReplicaPort } from '../gateway/replica-port.js';
import type { Channel, ChannelHandlers } from '../transport/channel.js';
import { FrameType } from '../transport/frame.js';
import type { Timers } from './ports.js';

/** How often a replica whose guest has ended looks whether gateways have taken everything. */
const LINGER_STEP_MS = 10;

/** Serves the gateway behind `channel`; the handlers are for its frames. */
export function serveGateway(port: ReplicaPort, channel: Channel, timers: Timers): ChannelHandlers {
  let congested = false;
  const link = new GatewayLink(port, {
    send: (payload) => {
      congested = !channel.send({ type: FrameType.Gateway, epoch: port.epoch, payload });
    },
    later: queueMicrotask,
    get congested() {
      return congested;
    },
    close: () => channel.close(),
    flush: () => channel.flush?.(),
  });
  return {
    onFrame: (frame) => {
      try {
        if (frame.type !== FrameType.Gateway) throw foreign(frame.type);
        if (port.live && frame.epoch > port.epoch) throw outlived(port.epoch, frame.epoch);
        link.frame(frame.payload);
        port.guest.burstEnd?.();
      } catch (error) {
        if (!(error instanceof ChannelError)) throw error;
        channel.destroy(error);
      }
    },
    onClose: () => link.down(timers.now() + link.absentMs),
    onDrain: () => {
      congested = false;
      link.drained();
    },
  };
}

/** What backups should drop because clients have it, as one payload; undefined if nothing moved. */
export function progressPayload(port: ReplicaPort): Uint8Array | undefined {
  const progress = port.takeProgress();
  const givenUp = port.takeGivenUp();
  if (progress.length + givenUp.length === 0) return undefined;
  const writer = new RecordWriter();
  writer.add(RecordKind.MayBeAbsent, 0, port.absentMs);
  for (const gateway of givenUp) writer.add(RecordKind.GivenUp, 0, gateway);
  for (const { stream, delivered } of progress) {
    if (delivered === undefined) writer.add(RecordKind.Gone, stream, 0);
    else writer.add(RecordKind.Delivered, stream, delivered);
  }
  return writer.take();
}

/** What a backup must know of gateways that are gone for good. */
export function givenUpPayload(port: ReplicaPort): Uint8Array {
  const writer = new RecordWriter();
  writer.add(RecordKind.MayBeAbsent, 0, port.absentMs);
  for (const gateway of port.givenUp) writer.add(RecordKind.GivenUp, 0, gateway);
  return writer.take();
}

/** The backup's side of {@link progressPayload}. @throws ChannelError for damaged records. */
export function takeProgressPayload(port: ReplicaPort, payload: Uint8Array): void {
  readRecords(payload, ({ kind, stream, value }) => {
    if (kind === RecordKind.Gone) port.trim(stream, undefined);
    else if (kind === RecordKind.Delivered) port.trim(stream, value);
    else if (kind === RecordKind.GivenUp) port.giveUp(value);
    else if (kind === RecordKind.MayBeAbsent) port.absentMs = Math.max(port.absentMs, value);
  });
}

/**
 * The guest has ended: closes its streams, as an operating system would, those of clients that still come too, and calls
 * `then` once gateways have taken all of its output, or have stayed away for too long.
 */
export function lingerForGateways(port: ReplicaPort, epoch: number, timers: Timers, then: () => void): void {
  const untilMs = timers.now() + port.absentMs;
  // A successor whose guest had ended before its predecessor died has never served.
  if (!port.live) port.serve(epoch, [], untilMs);
  const isOver = (): boolean => {
    port.tick(timers.now());
    for (const [stream, { ended }] of port.streams) if (ended !== 'close') port.end(stream, 'close');
    return port.streams.size === 0 || timers.now() >= untilMs;
  };
  if (isOver()) {
    then();
    return;
  }
  const stop = timers.every(LINGER_STEP_MS, () => {
    if (!isOver()) return;
    stop();
    then();
  });
}

/** A gateway has met a successor of this replica (R5). */
function outlived(epoch: number, newest: number): ChannelError {
  const what = `this replica is of epoch ${epoch}; the gateway has seen ${newest}`;
  return new ChannelError('FTW_FRAME', `gateway link: ${what}`, { epoch, newest });
}

function foreign(type: number): ChannelError {
  return new ChannelError('FTW_FRAME', `a gateway does not send frames of type ${type}`, { type });
}
