/** Tarjan's strongly connected components ("Depth-first search and linear graph algorithms", 1972), without recursion. */

import type { Edges } from './edges.js';

/** 1 for each node that lies on a cycle of the graph; an edge to itself is a cycle. */
export function stronglyConnected({ nodes: count, starts, targets }: Edges): Uint8Array {
  const onCycle = new Uint8Array(count);
  /** Order of discovery, from 1; 0 is not seen yet. */
  const order = new Uint32Array(count);
  const lowest = new Uint32Array(count);
  const inComponent = new Uint8Array(count);
  const component: number[] = [];
  const path: number[] = [];
  const nextEdge = starts.slice(0, count);
  let discovered = 0;

  const enter = (node: number) => {
    order[node] = lowest[node] = ++discovered;
    inComponent[node] = 1;
    component.push(node);
    path.push(node);
  };

  const leave = (node: number) => {
    path.pop();
    const parent = path[path.length - 1];
    if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[node]!);
    if (lowest[node] !== order[node]) return;
    const cyclic = component[component.length - 1] !== node;
    for (let member = -1; member !== node; ) {
      member = component.pop()!;
      inComponent[member] = 0;
      if (cyclic) onCycle[member] = 1;
    }
  };

  const follow = (node: number, target: number) => {
    if (target === node) onCycle[node] = 1;
    if (order[target] === 0) enter(target);
    else if (inComponent[target]) lowest[node] = Math.min(lowest[node]!, order[target]!);
  };

  for (let root = 0; root < count; root++) {
    if (order[root] !== 0) continue;
    enter(root);
    while (path.length > 0) {
      const node = path[path.length - 1]!;
      const at = nextEdge[node]!++;
      if (at < starts[node + 1]!) follow(node, targets[at]!);
      else leave(node);
    }
  }
  return onCycle;
}
