/**
 * A set of nodes that every cycle of a graph goes through (a feedback vertex set; the smallest one is hard to find, this one
 * is found by one depth-first search): of each edge that leads back to a node of the path by which the search has come, one
 * end. Without these nodes the graph has no cycles, and its paths are given a limit.
 */
import type { Edges } from './edges.js';

export interface CycleBreakerOptions {
  /** 1 for each node that lies on a cycle. Only such nodes count in the length of a path. */
  readonly onCycle: Uint8Array;
  /** Nodes that can be in the set; of each edge on a cycle at least one end must. */
  readonly may: (node: number) => boolean;
  /** As many nodes that are on cycles and not in the set can follow each other at most. */
  readonly pathMax: number;
}

/** 1 for each node of the set. */
export function cycleBreakers(edges: Edges, { onCycle, may, pathMax }: CycleBreakerOptions): Uint8Array {
  const { nodes: count, starts, targets } = edges;
  const chosen = new Uint8Array(count);
  const seen = new Uint8Array(count);
  const onPath = new Uint8Array(count);
  /** Nodes that count in the longest path from here on that is known, from the moment it is left with this one; 0 if chosen. */
  const lengths = new Uint32Array(count);
  const path: number[] = [];
  const nextEdge = starts.slice(0, count);

  const enter = (node: number) => {
    seen[node] = onPath[node] = 1;
    path.push(node);
  };

  const follow = (node: number, target: number) => {
    if (chosen[node] === 1 || chosen[target] === 1) return;
    if (onPath[target] === 1) chosen[may(target) ? target : node] = 1;
    else if (seen[target] === 0) enter(target);
    else if (lengths[target]! > lengths[node]!) lengths[node] = lengths[target]!;
  };

  const leave = (node: number) => {
    path.pop();
    onPath[node] = 0;
    if (onCycle[node] === 1 && may(node) && lengths[node]! >= pathMax) chosen[node] = 1;
    if (chosen[node] === 1) return;
    lengths[node] += onCycle[node]!;
    const parent = path[path.length - 1];
    if (parent !== undefined && lengths[node]! > lengths[parent]!) lengths[parent] = lengths[node]!;
  };

  for (let root = 0; root < count; root++) {
    if (seen[root] === 1) continue;
    enter(root);
    while (path.length > 0) {
      const node = path[path.length - 1]!;
      const at = nextEdge[node]!++;
      if (at < starts[node + 1]!) follow(node, targets[at]!);
      else leave(node);
    }
  }
  return chosen;
}
