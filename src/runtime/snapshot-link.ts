/**
 * A snapshot on its way from a replica to an operator, over the connection of a control command: JSON as for other commands,
 * and between it frames of bytes, which begin with what they are.
 */
import { ChannelError } from '../errors.js';
import type { Channel, ChannelHandlers } from '../transport/channel.js';
import { FrameType } from '../transport/frame.js';
import type { Timers } from './ports.js';
import type { SnapshotReceiver, SnapshotSink } from './snapshot-desk.js';

/** First byte of a frame; JSON begins with a brace. */
const Part = { Piece: 0, LastPiece: 1, Outputs: 2 } as const;

/** What a replica says besides pieces. */
export type SnapshotReply =
  | { readonly kind: 'snapshot'; readonly event: number; readonly counter: number }
  | { readonly kind: 'refused'; readonly reason: string };

/** A replica that is silent for so long has nothing more to say. In ms. */
const ANSWER_MS = 60_000;
/** Frames carry no epoch of the protocol: an operator asks whoever is there. */
const NO_EPOCH = 0;

/** Sends the snapshot that `ask` begins; answers what to do with the operator's further frames. */
export function serveSnapshot(
  ask: (sink: SnapshotSink) => SnapshotReceiver | string,
  channel: Channel,
): Pick<ChannelHandlers, 'onFrame'> & { onClose(): void } {
  const reply = (value: SnapshotReply): void => send(channel, encode(value));
  const asked = ask({
    captured: (event, counter, outputs) => {
      reply({ kind: 'snapshot', event, counter });
      send(channel, tagged(Part.Outputs, outputs));
    },
    piece: (piece, last) => send(channel, tagged(last ? Part.LastPiece : Part.Piece, piece)),
    failed: (reason) => reply({ kind: 'refused', reason }),
  });
  if (typeof asked === 'string') {
    reply({ kind: 'refused', reason: asked });
    return { onFrame: () => {}, onClose: () => {} };
  }
  return {
    onFrame: ({ payload }) => {
      const { taken } = decode<{ taken?: unknown }>(payload) ?? {};
      if (Number.isSafeInteger(taken) && (taken as number) > 0) asked.taken(taken as number);
    },
    onClose: () => asked.leave(),
  };
}

/** Receives a snapshot. */
export interface SnapshotTaker {
  captured(event: number, counter: number): void;
  outputs(bytes: Uint8Array): void;
  /** Resolves when it is kept. */
  piece(piece: Uint8Array): Promise<void>;
}

/** Asks for a snapshot; resolves when all of it was taken. Rejects with FTW_HANDSHAKE if there is none, FTW_CHANNEL if it breaks off. */
export function askSnapshot(channel: Channel, timers: Timers, taker: SnapshotTaker): Promise<void> {
  return new Promise((resolve, reject) => {
    let cancel = (): void => {};
    const waitForMore = (): void => {
      cancel();
      cancel = timers.after(ANSWER_MS, () => fail(silence(channel)));
    };
    const fail = (error: unknown): void => {
      cancel();
      reject(error as Error);
      channel.destroy();
    };
    const keep = async (piece: Uint8Array, last: boolean): Promise<void> => {
      await taker.piece(piece);
      if (!last) return send(channel, encode({ taken: piece.length }));
      cancel();
      resolve();
      channel.close();
    };
    channel.start({
      onFrame: ({ payload }) => {
        waitForMore();
        const body = payload.subarray(1);
        if (payload[0] === Part.Outputs) return taker.outputs(body.slice());
        if (payload[0] === Part.Piece || payload[0] === Part.LastPiece) {
          return void keep(body.slice(), payload[0] === Part.LastPiece).catch(fail);
        }
        const reply = decode<SnapshotReply>(payload);
        if (reply?.kind === 'snapshot') taker.captured(reply.event, reply.counter);
        else if (reply?.kind === 'refused') fail(refused(channel, reply.reason));
      },
      onClose: ({ error }) => {
        const what = error?.message ?? `${channel.remote} closed the connection before the snapshot was whole`;
        fail(new ChannelError('FTW_CHANNEL', what, { remote: channel.remote }));
      },
    });
    waitForMore();
    send(channel, encode({ command: 'snapshot' }));
  });
}

function refused({ remote }: Channel, reason: string): ChannelError {
  return new ChannelError('FTW_HANDSHAKE', `${remote} gives no snapshot: ${reason}`, { remote });
}

function silence({ remote }: Channel): ChannelError {
  return new ChannelError('FTW_CHANNEL', `${remote} said nothing for ${ANSWER_MS / 1000} s`, { remote });
}

function send(channel: Channel, payload: Uint8Array): void {
  channel.send({ type: FrameType.Control, epoch: NO_EPOCH, payload });
}

function tagged(part: number, bytes: Uint8Array): Uint8Array {
  const payload = new Uint8Array(1 + bytes.length);
  payload[0] = part;
  payload.set(bytes, 1);
  return payload;
}

function encode(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Undefined for anything that is not JSON of an object. */
function decode<T>(payload: Uint8Array): T | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
