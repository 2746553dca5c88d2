/**
 * Commands that operators send to a replica's log address: `status`, `switch` and `snapshot`. One frame of JSON asks, one
 * answers; a switch is answered a second time, when it is done; for a snapshot see snapshot-link.ts.
 */
import { ChannelError } from '../errors.js';
import type { Channel, ChannelHandlers } from '../transport/channel.js';
import { FrameType } from '../transport/frame.js';
import type { Timers } from './ports.js';
import type { SnapshotReceiver, SnapshotSink } from './snapshot-desk.js';
import { serveSnapshot } from './snapshot-link.js';

export type ControlCommand = 'status' | 'switch';

/** What a replica says about itself. */
export interface ReplicaStatus {
  readonly id: string;
  readonly service: string;
  readonly role: 'primary' | 'backup' | 'standby';
  /** Newest epoch that this replica holds or follows; 0 for none. */
  readonly epoch: number;
  /** Ids in that epoch's record; more than one means that a failover is possible. Empty for a standby: it is in none. */
  readonly members: readonly string[];
  readonly logAddress: string;
  readonly counter: number;
  /** Entries executed. */
  readonly event: number;
  /** Highest event whose outputs may leave; 0 on a backup. */
  readonly releasedEvent: number;
  /** Ids of replicas that wait until this primary needs them. */
  readonly standbys: readonly string[];
  /** The guest's state is on its way to this replica. */
  readonly transfer?: { readonly to: string; readonly sentBytes: number; readonly ackedBytes: number };
  /** With `--durable` or `--recover` only. */
  readonly durable?: DurableStatus;
}

/** A replica's durable directory. */
export interface DurableStatus {
  readonly path: string;
  /** Of all its files. */
  readonly bytes: number;
  /** Files that hold a part of the log. */
  readonly segments: number;
  /** Event of the newest complete snapshot; 0: the log goes back to the guest's start. */
  readonly snapshotEvent: number;
  /** What could be recovered if the machine lost its power now: everything up to this event. */
  readonly syncedEvent: number;
}

export type ControlReply =
  | { readonly kind: 'status'; readonly status: ReplicaStatus }
  | { readonly kind: 'switching' }
  | {
      readonly kind: 'stopped';
      readonly reason: string;
      readonly exitCode: number;
      /** Id of the backup that was told to go live; undefined if the replica stopped for another reason. */
      readonly successor?: string;
    }
  | { readonly kind: 'refused'; readonly reason: string };

export interface Controlled {
  status(): ReplicaStatus;
  /** Begins a hand-over, whose end goes to `report`; or says why that is impossible. */
  switchOver(report: StopReport): string | undefined;
  /** Begins a snapshot, or says why there is none now. */
  snapshot(sink: SnapshotSink): SnapshotReceiver | string;
}

export type StopReport = (reason: string, exitCode: number, successor: string | undefined) => void;

/** A replica answers at once; somebody else's server may never. In ms. */
const ANSWER_MS = 5_000;
/** A hand-over waits for outputs to leave and for the successor, and ends by itself long before this. In ms. */
const SWITCH_MS = 60_000;

/** Frames carry no epoch of the protocol: an operator asks whoever is there. */
const NO_EPOCH = 0;

/** Serves the operator behind `channel`. */
export function serveControl(replica: Controlled, channel: Channel): ChannelHandlers {
  const answer = (reply: ControlReply): void => {
    channel.send({ type: FrameType.Control, epoch: NO_EPOCH, payload: encodeControl(reply) });
  };
  let snapshot: ReturnType<typeof serveSnapshot> | undefined;
  return {
    onFrame: (frame) => {
      if (snapshot !== undefined) return snapshot.onFrame(frame);
      const { command } = decodeControl<{ command?: string }>(frame.payload) ?? {};
      if (command === 'status') {
        answer({ kind: 'status', status: replica.status() });
      } else if (command === 'switch') {
        const refusal = replica.switchOver((reason, exitCode, successor) =>
          answer({ kind: 'stopped', reason, exitCode, ...(successor === undefined ? {} : { successor }) }),
        );
        answer(refusal === undefined ? { kind: 'switching' } : { kind: 'refused', reason: refusal });
      } else if (command === 'snapshot') {
        snapshot = serveSnapshot((sink) => replica.snapshot(sink), channel);
      } else {
        const known = 'status, switch and snapshot';
        answer({ kind: 'refused', reason: `'${command}' is not a command; this replica knows ${known}` });
      }
    },
    onClose: () => snapshot?.onClose(),
  };
}

/**
 * Sends `command` and hands every reply to `take` until that returns true. Rejects if the replica goes away before, or
 * does not answer.
 */
export function askControl(
  channel: Channel,
  timers: Timers,
  command: ControlCommand,
  take: (reply: ControlReply) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUpAfter = (ms: number): (() => void) =>
      timers.after(ms, () => {
        const what = `${channel.remote} did not answer within ${ms / 1000} s`;
        channel.destroy(new ChannelError('FTW_CHANNEL', what, { remote: channel.remote }));
      });
    let cancel = giveUpAfter(ANSWER_MS);
    channel.start({
      onFrame: (frame) => {
        const reply = decodeControl<ControlReply>(frame.payload);
        if (reply === undefined) return;
        cancel();
        if (!take(reply)) {
          cancel = giveUpAfter(SWITCH_MS);
          return;
        }
        resolve();
        channel.close();
      },
      onClose: (reason) => {
        cancel();
        const what = reason.error?.message ?? `${channel.remote} closed the connection before it had answered`;
        reject(new ChannelError('FTW_CHANNEL', what, { remote: channel.remote }));
      },
    });
    channel.send({ type: FrameType.Control, epoch: NO_EPOCH, payload: encodeControl({ command }) });
  });
}

function encodeControl(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Undefined for anything that is not JSON of an object. */
function decodeControl<T>(payload: Uint8Array): T | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
