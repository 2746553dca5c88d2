import { describe, expect, it } from 'vitest';
import { cycleBreakers } from '../../../src/inject/cycle-breakers.js';
import { Edges } from '../../../src/inject/edges.js';
import { stronglyConnected } from '../../../src/inject/strongly-connected.js';
import { Random } from '../../support/random-module.js';

function graph(successors: readonly (readonly number[])[]): Edges {
  const edges = new Edges(successors.length);
  for (const [node, targets] of successors.entries()) {
    edges.from(node);
    for (const target of targets) edges.to(target);
  }
  edges.finish();
  return edges;
}

function breakers(edges: Edges, pathMax = 100, may: (node: number) => boolean = () => true): number[] {
  const chosen = cycleBreakers(edges, { onCycle: stronglyConnected(edges), may, pathMax });
  return [...chosen.keys()].filter((node) => chosen[node] === 1);
}

/** Members of the longest path that has only nodes that are on cycles and not chosen. */
function longestPath(edges: Edges, chosen: readonly number[]): number {
  const onCycle = stronglyConnected(edges);
  const lengths = new Map<number, number>();
  const from = (node: number): number => {
    if (chosen.includes(node)) return 0;
    const known = lengths.get(node);
    if (known !== undefined) return known;
    lengths.set(node, Number.NaN);
    const behind = [...edges.targets.subarray(edges.starts[node], edges.starts[node + 1])].map(from);
    const length = onCycle[node]! + Math.max(0, ...behind);
    lengths.set(node, length);
    return length;
  };
  return Math.max(0, ...Array.from({ length: edges.nodes }, (_, node) => from(node)));
}

describe('cycleBreakers', () => {
  it('takes nothing of a graph without cycles, and one node of each cycle apart', () => {
    expect(breakers(graph([[1, 2], [2], []]))).toEqual([]);
    expect(breakers(graph([[1], [0], [2], [4], [5], [3]]))).toEqual([0, 2, 3]);
  });

  it('takes the one node that many cycles go through', () => {
    expect(breakers(graph([[1, 2, 3], [0], [0], [4], [0]]))).toEqual([0]);
  });

  it('takes the other end of an edge to a node that cannot be taken', () => {
    expect(breakers(graph([[1], [2], [0]]), 100, (node) => node !== 0)).toEqual([2]);
  });

  it('ends long paths', () => {
    const ring = graph(Array.from({ length: 50 }, (_, node) => [(node + 1) % 50]));
    expect(breakers(ring)).toEqual([0]);
    expect(breakers(ring, 20)).toEqual([0, 8, 29]);
  });

  it('leaves no cycle and no long path in random graphs', () => {
    const seed = 20261121;
    const random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      const nodes = 1 + random.below(40);
      const edges = graph(
        Array.from({ length: nodes }, () => Array.from({ length: random.below(4) }, () => random.below(nodes))),
      );
      const pathMax = 1 + random.below(10);
      // A path over a node that is not left yet is a cycle: its length is no number.
      expect(longestPath(edges, breakers(edges, pathMax)), `seed ${seed}, round ${round}`).toBeLessThanOrEqual(pathMax);
    }
  });
});
