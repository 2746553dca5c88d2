/** The functions through which frames leave the guest and come back: `put..` and `frame`, `take..`. */
import type { SavedSite } from '../../inject/index.js';

/** Tells what a site has saved: the main module's code, or that of one resume function. */
export interface CodeSource {
  /** A frame that is saved throws, in place of returning. */
  readonly leavesByThrowing: boolean;
  site(functionIndex: number, id: number): SavedSite;
}

/** A frame as it was put: the bits of its values in the site's order. */
export interface SavedFrame {
  readonly source: CodeSource;
  readonly functionIndex: number;
  readonly id: number;
  readonly values: readonly unknown[];
}

/** What frames throw that are being captured. No error, which would look at the whole stack. */
export const LEAVING = Object.freeze({ name: 'capture' });

export class Exchange {
  private put: unknown[] = [];
  private saved: SavedFrame[] = [];
  private taken: readonly unknown[] = [];
  private next = 0;
  /** What {@link raise} throws. */
  private exception: unknown;

  /** Imports for code whose sites `source` knows. */
  imports(source: CodeSource): Record<string, unknown> {
    const put = (value: unknown) => void this.put.push(value);
    const take = () => this.taken[this.next++];
    return {
      ...{ put32: put, put64: put, putFunction: put, putExternal: put },
      ...{ take32: take, take64: take, takeFunction: take, takeExternal: take },
      raise: () => {
        throw this.exception;
      },
      frame: (id: number, functionIndex: number) => {
        this.frame(source, functionIndex, id);
        if (source.leavesByThrowing) throw LEAVING;
      },
      leave: () => {
        throw LEAVING;
      },
    };
  }

  /** What the guest takes next, and nothing put so far. */
  offer(values: readonly unknown[]): void {
    this.taken = values;
    this.next = 0;
    this.put = [];
  }

  /** The exception that the code which runs next raises. */
  offerException(exception: unknown): void {
    this.exception = exception;
  }

  /** What was put since the last frame. */
  collect(): readonly unknown[] {
    const { put } = this;
    this.put = [];
    return put;
  }

  /** The frames that were saved, innermost first. */
  collectFrames(): readonly SavedFrame[] {
    const { saved } = this;
    this.saved = [];
    this.put = [];
    return saved;
  }

  private frame(source: CodeSource, functionIndex: number, id: number): void {
    this.saved.push({ source, functionIndex, id, values: this.put });
    this.put = [];
  }
}
