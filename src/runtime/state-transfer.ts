/**
 * The guest's state on its way: out to a backup, to this replica's disk or to an operator, in from a primary. The guest makes one
 * capture at a time: what redundancy needs goes first, then the disk's.
 */
import type { Effect, Input } from '../replica/types.js';
import type { Clients } from './clients.js';
import type { Connections } from './connections.js';
import type { DurableLink } from './durable-link.js';
import { KeptOutputs } from './kept-outputs.js';
import type { OutputGate } from './output-gate.js';
import { exportOutputs, importOutputs } from './outputs-section.js';
import type { CaptureCost, CaptureEvents, GuestControl } from './ports.js';
import { SnapshotDesk, type SnapshotReceiver, type SnapshotSink } from './snapshot-desk.js';

/** What clients have not taken must fit one frame when it is handed on to a new backup. */
const OUTPUTS_BYTES_MAX = 48 << 20;

export type TransferEffect = Extract<
  Effect,
  | { type: 'capture' | 'cancel-capture' | 'state-credit' | 'restore' | 'restore-outputs' }
  | { type: 'keep-outputs' | 'send-outputs' | 'drop-outputs' | 'replace-outputs' }
>;

export interface StateTransferParts {
  readonly guest: GuestControl;
  readonly clients: Clients;
  readonly gate: OutputGate;
  readonly connections: Connections;
  /** Newest epoch that this replica has won. */
  readonly epoch: () => number;
  readonly durable?: DurableLink | undefined;
  readonly input: (input: Input) => void;
  readonly sendGatewayProgress: () => void;
  /** Streams are known from here on. */
  readonly onOutputsRestored: () => void;
  readonly isRunning: () => boolean;
}

export class StateTransfer implements CaptureEvents {
  readonly #parts: StateTransferParts;
  readonly #snapshots: SnapshotDesk;
  /** Set while the guest's state goes to another replica. */
  /** The protocol's name for its last capture. */
  #capture = 0;
  #transferring = false;
  readonly #kept: KeptOutputs;

  constructor(parts: StateTransferParts) {
    this.#parts = parts;
    this.#kept = new KeptOutputs(parts.connections, parts.clients.gateways, parts.epoch);
    this.#snapshots = new SnapshotDesk({
      guest: parts.guest,
      obstacle: () => this.#obstacle(),
      exportOutputs: () => this.exportOutputs(),
      onBegin: () => parts.durable?.transferBegins(),
      onEnd: () => parts.durable?.transferEnds(),
    });
  }

  /** Begins a snapshot for an operator, or says why there is none now. */
  snapshot(sink: SnapshotSink): SnapshotReceiver | string {
    return this.#snapshots.ask(sink);
  }

  /** The replica stops. */
  stop(reason: string): void {
    this.#snapshots.giveWay(reason);
  }

  /** Carries out an effect that moves the guest's state from one replica to another. */
  carryOut(effect: TransferEffect): void {
    const { guest, clients, gate, durable } = this.#parts;
    switch (effect.type) {
      case 'capture':
        this.#snapshots.giveWay('its state is wanted for a backup');
        this.#transferring = true;
        this.#capture = effect.capture;
        durable?.transferBegins();
        return guest.capture(effect.capture);
      case 'cancel-capture':
        this.#transferEnds();
        return guest.cancelCapture(effect.capture);
      case 'state-credit':
        return guest.stateCredit(this.#capture, effect.bytes);
      case 'restore':
        durable?.restore(effect.piece);
        return guest.restore(effect.piece);
      case 'restore-outputs':
        this.#parts.onOutputsRestored();
        durable?.restoreOutputs(effect.event, effect.counter, effect.outputs);
        return importOutputs(effect.outputs, clients.gateways, gate);
      case 'keep-outputs':
        return this.#kept.keep(effect.event, this.exportOutputs());
      case 'send-outputs':
        return this.#kept.send(effect.peer);
      case 'drop-outputs':
        return this.#kept.drop();
      case 'replace-outputs':
        return gate.replace(effect.event, () => importOutputs(effect.outputs, clients.gateways, gate));
    }
  }

  onState(capture: number, piece: Uint8Array, last: boolean): void {
    const { durable } = this.#parts;
    if (durable?.owns(capture)) return durable.onState(capture, piece, last);
    if (this.#snapshots.owns(capture)) return this.#snapshots.onState(capture, piece, last);
    if (last) this.#transferEnds();
    this.#parts.input({ type: 'state', capture, piece, last });
  }

  /** Every output up to `event`, and none behind it, has passed this thread: what clients may not have yet is known now. */
  onCaptured(capture: number, event: number, counter: number, cost: CaptureCost): void {
    const { durable, guest, gate } = this.#parts;
    if (event < gate.replacedEvent) {
      // On a backup that goes on after a failover: a guest restored from both would make the same outputs again.
      guest.cancelCapture(capture);
      return this.onCaptureFailed(capture, 'the guest is behind the outputs that the new primary has told', true);
    }
    if (durable?.owns(capture)) return durable.onCaptured(capture, event, counter);
    if (this.#snapshots.owns(capture)) return this.#snapshots.onCaptured(capture, event, counter);
    const outputs = this.exportOutputs();
    if (outputs.length <= OUTPUTS_BYTES_MAX) {
      this.#parts.input({ type: 'captured', capture, event, counter, outputs, cost: { ...cost } });
      return;
    }
    guest.cancelCapture(capture);
    const reason = `clients have not taken ${outputs.length} bytes of output; at most ${OUTPUTS_BYTES_MAX} can be handed on`;
    this.#parts.input({ type: 'capture-failed', capture, reason, retry: true });
  }

  /** Backups were told this about gateways' clients. */
  progress(payload: Uint8Array): void {
    this.#kept.progress(payload);
  }

  /** What clients may not have yet. */
  exportOutputs(): Uint8Array {
    const { clients, gate } = this.#parts;
    // What backups were not told yet is in the export; told again, the newcomer would take it for other streams.
    if (clients.gateways.live) this.#parts.sendGatewayProgress();
    return exportOutputs(clients.gateways, gate);
  }

  onCaptureFailed(capture: number, reason: string, retry: boolean): void {
    const { durable } = this.#parts;
    if (durable?.owns(capture)) return durable.onCaptureFailed(capture, reason, retry);
    if (this.#snapshots.owns(capture)) return this.#snapshots.onCaptureFailed(capture, reason);
    this.#transferEnds();
    this.#parts.input({ type: 'capture-failed', capture, reason, retry });
  }

  #obstacle(): string | undefined {
    if (this.#transferring) return 'its state is being sent to a backup; ask again when that is done';
    return this.#parts.isRunning() ? undefined : 'its guest does not run';
  }

  #transferEnds(): void {
    this.#transferring = false;
    this.#parts.durable?.transferEnds();
  }
}
