/**
 * What a replica that went live keeps for backups that come back to it: what clients may lack of the outputs of before, as
 * of the moment at which it went live, and what gateways have told since. Together they are what such a backup would know
 * had it never been without a primary.
 */
import type { ReplicaPort } from '../gateway/replica-port.js';
import type { PeerId } from '../replica/types.js';
import type { Connections } from './connections.js';
import { givenUpPayload } from './gateway-links.js';

/** What clients have not taken must fit one frame. */
const OUTPUTS_BYTES_MAX = 48 << 20;

interface Kept {
  readonly event: number;
  readonly outputs: Uint8Array;
  readonly progress: Uint8Array[];
}

export class KeptOutputs {
  #kept: Kept | undefined;
  /** Backups that came before it was known. */
  readonly #waiting = new Set<PeerId>();

  constructor(
    private readonly connections: Connections,
    private readonly port: ReplicaPort,
    private readonly epoch: () => number,
  ) {}

  /** This replica is live now; `outputs` are those up to `event`. */
  keep(event: number, outputs: Uint8Array): void {
    this.#kept = { event, outputs, progress: [] };
    for (const peer of this.#waiting) this.#hand(peer, this.#kept);
    this.#waiting.clear();
  }

  /** All backups have been told this, and those that come must be. */
  progress(payload: Uint8Array): void {
    this.#kept?.progress.push(payload);
  }

  send(peer: PeerId): void {
    // Before any of the log: a gateway that was given up must not be taken for one that comes back.
    this.connections.sendProgressTo(peer, this.epoch(), givenUpPayload(this.port));
    if (this.#kept === undefined) this.#waiting.add(peer);
    else this.#hand(peer, this.#kept);
  }

  drop(): void {
    this.#kept = undefined;
  }

  #hand(peer: PeerId, { event, outputs, progress }: Kept): void {
    // It cannot be told, so it must not go on: it will be given the guest's whole state.
    if (outputs.length > OUTPUTS_BYTES_MAX) return this.connections.closePeer(peer);
    this.connections.send(peer, { type: 'outputs', epoch: this.epoch(), event, outputs });
    for (const payload of progress) this.connections.sendProgressTo(peer, this.epoch(), payload);
  }
}
