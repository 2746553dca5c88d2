/**
 * What the pause of a capture would otherwise make, made elsewhere ahead of it. Where the guest will stand cannot be known,
 * but it can be seen where it is while its memory is copied: in the same calls again and again. What is missing all the
 * same is made in the pause.
 */
import type { CaptureSupport, CodeAddress, EngineInstance } from '../../engine/engine.js';
import type { HostClock } from '../../host/services.js';

/** Whoever makes it. */
export interface CaptureSource {
  /** Does not wait for it. See CaptureMaker. */
  request(address: CodeAddress, marked: boolean): void;
  /** The next answer: null where no frame can be; undefined if none is there. */
  take(): CaptureSupport | null | undefined;
  /** Nothing more is wanted for now. */
  rest(): void;
}

/** From one look at the guest's stack to the next: a look takes a tenth of a millisecond. */
const LOOK_MS = 4;
const LOOKS_MAX = 100;
/** A guest that is somewhere else each time is not followed for ever. */
const ADDRESSES_MAX = 200;
/** A copy that has nothing else to wait for is not held up for longer. */
const AWAITED_MS_MAX = 1000;

export class CaptureAhead {
  readonly #seen = new Set<CodeAddress>();
  #underWay = 0;
  #looks = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #awaitedUntilMs: number | undefined;

  constructor(
    private readonly instance: EngineInstance,
    private readonly source: CaptureSource | undefined,
    private readonly clock: HostClock,
  ) {}

  /** A capture begins. */
  begin(): void {
    this.#looks = 0;
    this.#lookedMs = Number.NEGATIVE_INFINITY;
    this.#awaitedUntilMs = undefined;
  }

  /** The guest has called the host: looks from where, now and then. `marked`: it will be captured in marked code too. */
  look(marked: boolean): void {
    const { instance, source } = this;
    if (source === undefined || instance.addresses === undefined) return;
    this.#takeMade(source);
    const nowMs = this.#nowMs;
    if (this.#looks >= LOOKS_MAX || nowMs - this.#lookedMs < LOOK_MS) return;
    this.#looks++;
    this.#lookedMs = nowMs;
    for (const address of instance.addresses(marked)) {
      if (this.#seen.has(address) || this.#seen.size >= ADDRESSES_MAX) continue;
      this.#seen.add(address);
      this.#underWay++;
      source.request(address, marked);
    }
  }

  /** Whether a copy that is done otherwise should go on until what was seen is made. */
  isWorthWaiting(): boolean {
    if (this.source === undefined) return false;
    this.#takeMade(this.source);
    if (this.#underWay === 0) return false;
    this.#awaitedUntilMs ??= this.#nowMs + AWAITED_MS_MAX;
    return this.#nowMs < this.#awaitedUntilMs;
  }

  /** The capture is over. What is still being made is not waited for, and asked for again the next time. */
  end(): void {
    if (this.#underWay > 0) this.#seen.clear();
    this.#underWay = 0;
    this.source?.rest();
  }

  #takeMade(source: CaptureSource): void {
    for (let made = source.take(); made !== undefined; made = source.take()) {
      this.#underWay--;
      if (made !== null) this.instance.support?.(made);
    }
  }

  get #nowMs(): number {
    return Number(this.clock.monotonicNs()) / 1e6;
  }
}
