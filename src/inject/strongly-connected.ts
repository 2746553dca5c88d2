/** Tarjan's strongly connected components ("Depth-first search and linear graph algorithms", 1972). */
import { depthFirst } from './depth-first.js';
import type { Edges } from './edges.js';

/** 1 for each node that lies on a cycle of the graph; an edge to itself is a cycle. */
export function stronglyConnected(edges: Edges): Uint8Array {
  const onCycle = new Uint8Array(edges.nodes);
  /** Order of discovery, from 1; 0 is not seen yet. */
  const order = new Uint32Array(edges.nodes);
  const lowest = new Uint32Array(edges.nodes);
  const inComponent = new Uint8Array(edges.nodes);
  const component: number[] = [];
  let discovered = 0;

  depthFirst(edges, {
    isSeen: (node) => order[node] !== 0,
    enter(node) {
      order[node] = lowest[node] = ++discovered;
      inComponent[node] = 1;
      component.push(node);
    },
    follow(node, target) {
      if (target === node) onCycle[node] = 1;
      if (order[target] === 0) return true;
      if (inComponent[target]) lowest[node] = Math.min(lowest[node]!, order[target]!);
      return false;
    },
    leave(node, parent) {
      if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[node]!);
      if (lowest[node] !== order[node]) return;
      const cyclic = component[component.length - 1] !== node;
      for (let member = -1; member !== node; ) {
        member = component.pop()!;
        inComponent[member] = 0;
        if (cyclic) onCycle[member] = 1;
      }
    },
  });
  return onCycle;
}
