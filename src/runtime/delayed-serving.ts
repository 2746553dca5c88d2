/**
 * A replica that went live serves gateways once everybody who may go live next has the log up to there as well: a gateway
 * forgets input that it is told was taken, and no other replica could get it any more.
 */
import type { AdoptedStream } from '../gateway/replica-port.js';
import type { Clients } from './clients.js';
import type { OutputGate } from './output-gate.js';

export class DelayedServing {
  #waiting: { readonly event: number; readonly serve: () => void } | undefined;

  constructor(
    private readonly clients: Clients,
    private readonly gate: OutputGate,
  ) {}

  /** The guest is live at `event`, and holds the streams `adopted`. `serve` is called when outputs up to there have been released. */
  wait(event: number, adopted: readonly AdoptedStream[], serve: () => void): void {
    const known = new Set(adopted.map(({ stream }) => stream));
    for (const output of this.gate.held) if (output.kind !== 'stdio') known.add(output.stream);
    this.clients.gateways.dropNeverAccepted(known);
    this.#waiting = { event, serve };
  }

  /** Outputs up to `event` may leave. `release` lets them go; where clients are waiting, in two steps around their being served. */
  allowed(event: number, release: (event: number) => void): void {
    const waiting = this.#waiting;
    if (waiting !== undefined && event >= waiting.event) {
      this.#waiting = undefined;
      release(waiting.event);
      waiting.serve();
    }
    release(event);
  }
}
