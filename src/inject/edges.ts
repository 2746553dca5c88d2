/** A directed graph in two flat arrays: the successors of each node behind those of the node before. */
export class Edges {
  /** Where the successors of each node start; one more at the end. */
  readonly starts: Uint32Array;
  targets = new Uint32Array(1024);
  /** Edges so far. */
  count = 0;
  private node = 0;

  constructor(readonly nodes: number) {
    this.starts = new Uint32Array(nodes + 1);
  }

  /** From here on edges start at `node`. Nodes must come in ascending order; {@link finish} comes after the last. */
  from(node: number): void {
    this.starts.fill(this.count, this.node + 1, node + 1);
    this.node = node;
  }

  /** Adds an edge unless it was the last one added; the rest of the repetitions do no harm. */
  to(target: number): void {
    if (this.count > this.starts[this.node]! && this.targets[this.count - 1] === target) return;
    if (this.count === this.targets.length) {
      const targets = new Uint32Array(this.count * 2);
      targets.set(this.targets);
      this.targets = targets;
    }
    this.targets[this.count++] = target;
  }

  /** Adds nodes behind the last one; the edges of the n-th of them are `targets` from `starts[n]` on. */
  append(starts: Uint32Array, targets: Uint32Array): void {
    if (this.count + targets.length > this.targets.length) {
      const all = new Uint32Array(Math.max(this.targets.length * 2, this.count + targets.length));
      all.set(this.targets.subarray(0, this.count));
      this.targets = all;
    }
    this.targets.set(targets, this.count);
    const nodes = starts.length - 1;
    for (let at = 0; at < nodes; at++) this.starts[this.node + at] = this.count + starts[at]!;
    this.count += targets.length;
    this.node += nodes;
    this.starts[this.node] = this.count;
  }

  finish(): void {
    this.starts.fill(this.count, this.node + 1);
  }

  /** The graph with all edges turned round. */
  reversed(): Edges {
    const reversed = new Edges(this.nodes);
    reversed.targets = new Uint32Array(this.count);
    reversed.count = this.count;
    const { starts } = reversed;
    for (let at = 0; at < this.count; at++) starts[this.targets[at]! + 1]!++;
    for (let node = 0; node < this.nodes; node++) starts[node + 1]! += starts[node]!;
    const next = starts.slice(0, this.nodes);
    for (let node = 0; node < this.nodes; node++) {
      for (let at = this.starts[node]!; at < this.starts[node + 1]!; at++) {
        reversed.targets[next[this.targets[at]!]!++] = node;
      }
    }
    return reversed;
  }
}
