/**
 * A set of nodes that every cycle of a graph goes through (a feedback vertex set; the smallest one is hard to find, this one
 * is found by one depth-first search): of each edge that leads back to a node of the path by which the search has come, one
 * end. Without these nodes the graph has no cycles, and its paths are given a limit.
 */
import { depthFirst } from './depth-first.js';
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
  const chosen = new Uint8Array(edges.nodes);
  const seen = new Uint8Array(edges.nodes);
  const onPath = new Uint8Array(edges.nodes);
  /** Nodes that count in the longest path from here on that is known, from the moment it is left with this one; 0 if chosen. */
  const lengths = new Uint32Array(edges.nodes);
  const lengthen = (node: number, length: number) => {
    if (length > lengths[node]!) lengths[node] = length;
  };

  depthFirst(edges, {
    isSeen: (node) => seen[node] === 1,
    enter(node) {
      seen[node] = onPath[node] = 1;
    },
    follow(node, target) {
      if (chosen[node] === 1 || chosen[target] === 1) return false;
      if (onPath[target] === 1) chosen[may(target) ? target : node] = 1;
      else if (seen[target] === 0) return true;
      else lengthen(node, lengths[target]!);
      return false;
    },
    leave(node, parent) {
      onPath[node] = 0;
      if (onCycle[node] === 1 && may(node) && lengths[node]! >= pathMax) chosen[node] = 1;
      if (chosen[node] === 1) return;
      lengths[node] += onCycle[node]!;
      if (parent !== undefined) lengthen(parent, lengths[node]!);
    },
  });
  return chosen;
}
