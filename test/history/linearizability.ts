/**
 * Is a history of concurrent operations on one object linearizable? The search of Wing and Gong (1993) with the memory of
 * Lowe ("Testing for linearizability", 2017): linearize one minimal operation after the other, undo when stuck, and never
 * look twice at the same set of linearized operations with the same state.
 */

/** One operation as its client saw it. Times are positions in one order of all calls and returns. */
export interface Operation<In, Out> {
  readonly call: number;
  /** Infinity if no answer came: it may have taken effect at any time after its call, or never. */
  readonly returned: number;
  readonly input: In;
  /** Absent if no answer came. */
  readonly output?: Out;
}

/** The object's sequential behaviour. States are compared as map keys, so they must be primitive. */
export interface Model<State extends string | number, In, Out> {
  readonly initial: State;
  /** The next state, or undefined if `input` in `state` cannot give `output` (undefined: whatever it gave is fine). */
  step(state: State, input: In, output: Out | undefined): State | undefined;
}

/** An order that explains all answers, as indices into `operations`; undefined if there is none. */
export function linearize<State extends string | number, In, Out>(
  model: Model<State, In, Out>,
  operations: readonly Operation<In, Out>[],
): number[] | undefined {
  return new Search(model, operations).run();
}

class Search<State extends string | number, In, Out> {
  readonly #model: Model<State, In, Out>;
  readonly #operations: readonly Operation<In, Out>[];
  /** Indices by time of call. */
  readonly #byCall: readonly number[];
  readonly #done: boolean[];
  readonly #order: number[] = [];
  readonly #seen = new Set<string>();
  #answered: number;

  constructor(model: Model<State, In, Out>, operations: readonly Operation<In, Out>[]) {
    this.#model = model;
    this.#operations = operations;
    this.#byCall = operations.map((_, index) => index).sort((a, b) => this.#at(a).call - this.#at(b).call);
    this.#done = operations.map(() => false);
    this.#answered = operations.filter(({ returned }) => returned < Number.POSITIVE_INFINITY).length;
  }

  run(): number[] | undefined {
    // Iterative: a history is longer than a stack is deep. Each level holds the state before it and what is left to try.
    const levels = [{ state: this.#model.initial, candidates: this.#candidates() }];
    while (this.#answered > 0) {
      const level = levels.at(-1);
      if (level === undefined) return undefined;
      const next = level.candidates.shift();
      if (next === undefined) {
        levels.pop();
        this.#undo();
        continue;
      }
      const { input, output } = this.#at(next);
      const state = this.#model.step(level.state, input, output);
      if (state === undefined || !this.#take(next, state)) continue;
      levels.push({ state, candidates: this.#candidates() });
    }
    return this.#order;
  }

  #at(index: number): Operation<In, Out> {
    return this.#operations[index] as Operation<In, Out>;
  }

  /** Operations that nothing else must precede: called before any pending one had returned. */
  #candidates(): number[] {
    let firstReturn = Number.POSITIVE_INFINITY;
    const candidates: number[] = [];
    for (const index of this.#byCall) {
      if (this.#done[index]) continue;
      const { call, returned } = this.#at(index);
      if (call > firstReturn) break;
      candidates.push(index);
      firstReturn = Math.min(firstReturn, returned);
    }
    return candidates;
  }

  /** False if the same operations have led to the same state before. */
  #take(index: number, state: State): boolean {
    this.#done[index] = true;
    const key = `${this.#fingerprint()} ${typeof state === 'string' ? `"${state}` : state}`;
    if (this.#seen.has(key)) {
      this.#done[index] = false;
      return false;
    }
    this.#seen.add(key);
    this.#order.push(index);
    if (this.#at(index).returned < Number.POSITIVE_INFINITY) this.#answered--;
    return true;
  }

  #undo(): void {
    const index = this.#order.pop();
    if (index === undefined) return;
    this.#done[index] = false;
    if (this.#at(index).returned < Number.POSITIVE_INFINITY) this.#answered++;
  }

  /** The set of linearized operations: how many from the start of the calls without a gap, then the others one by one. */
  #fingerprint(): string {
    const first = this.#byCall.findIndex((index) => !this.#done[index]);
    if (first < 0) return 'all';
    const later: number[] = [];
    let left = this.#order.length + 1 - first;
    for (let at = first; left > 0 && at < this.#byCall.length; at++) {
      if (!this.#done[this.#byCall[at] as number]) continue;
      later.push(at);
      left--;
    }
    return `${first}+${later.join(',')}`;
  }
}
