/**
 * The guest's stay in code that notes which pages it writes, while its memory is copied. That code is made elsewhere, while
 * the copy has begun already; the guest changes over when it is there, and back when the copy is done.
 */
import type { EngineInstance, MarkingCode, WrittenPages } from '../../engine/engine.js';
import { FtWasmError } from '../../errors.js';
import type { HostClock } from '../../host/services.js';

/** Whoever makes that code. */
export interface MarkingSource {
  /** Begins to, if that has not been done; does not wait for it. */
  request(): void;
  /** Undefined until it is there; null if it will never be. */
  take(): MarkingCode | null | undefined;
}

/** Looking at all pages of a smaller memory takes two milliseconds. */
const MEMORY_BYTES_MIN = 16 << 20;
/** A copy that has nothing else to wait for is not held up for longer. */
const AWAITED_MS_MAX = 2000;

export class GuestMarking {
  #written: WrittenPages | undefined;
  #code: MarkingCode | undefined;
  #isWanted = false;
  /** When a copy that is done otherwise gives up waiting. */
  #awaitedUntilMs: number | undefined;

  constructor(
    private readonly instance: EngineInstance,
    private readonly source: MarkingSource | undefined,
    private readonly clock: HostClock,
  ) {}

  /** What the guest writes, while it runs in that code. */
  get written(): WrittenPages | undefined {
    return this.#written;
  }

  /** The guest will go on in that code when it has come. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** A copy begins: asks for the code if the copy is worth it. */
  want(): void {
    const { instance, source } = this;
    const large = (instance.memory?.bytes.length ?? 0) >= MEMORY_BYTES_MIN;
    if (!large || instance.beginMarking === undefined || source === undefined) return;
    source.request();
    this.#isWanted = true;
    this.#awaitedUntilMs = undefined;
  }

  /** No copy is under way any more, or it can do without. */
  drop(): void {
    this.#isWanted = false;
  }

  /** Looks whether the code has come. */
  poll(): void {
    if (!this.#isWanted || this.#code !== undefined) return;
    const code = this.source!.take();
    if (code === null) this.drop();
    else this.#code = code;
  }

  /** The guest should be captured, to change its code. */
  get isDue(): boolean {
    return this.#isWanted && this.#code !== undefined;
  }

  /** Whether a copy that is done otherwise should go on until the code is there. */
  isWorthWaiting(): boolean {
    if (!this.#isWanted) return false;
    this.#awaitedUntilMs ??= this.#nowMs + AWAITED_MS_MAX;
    if (this.#nowMs > this.#awaitedUntilMs) this.drop();
    return this.#isWanted;
  }

  /** The captured guest changes over. Undefined if it cannot: then it stays what it was. */
  enter(): WrittenPages | undefined {
    this.#guarded(() => {
      this.#written = this.instance.beginMarking!(this.#code!);
    });
    this.drop();
    return this.#written;
  }

  /** The captured guest goes on in its own code. */
  leave(): void {
    if (this.#written === undefined) return;
    this.#guarded(() => this.instance.endMarking!());
    this.#written = undefined;
  }

  get #nowMs(): number {
    return Number(this.clock.monotonicNs()) / 1e6;
  }

  /** A guest whose state cannot be carried over stays where it is, as its capture will fail for the same reason. */
  #guarded(change: () => void): void {
    try {
      change();
    } catch (error) {
      if (!(error instanceof FtWasmError)) throw error;
    }
  }
}
