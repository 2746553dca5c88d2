/** A depth-first search over a whole graph, without recursion: call graphs have paths of any length. */
import type { Edges } from './edges.js';

export interface DepthFirstVisitor {
  /** Whether the search has come to the node before. */
  isSeen(node: number): boolean;
  /** The search has come to the node, which is now the end of its path. */
  enter(node: number): void;
  /** At an edge of the path's end: whether to go along. The target has not been seen then. */
  follow(node: number, target: number): boolean;
  /** All edges of the node have been followed; `parent` is the end of the path now, undefined at its beginning. */
  leave(node: number, parent: number | undefined): void;
}

export function depthFirst({ nodes, starts, targets }: Edges, visitor: DepthFirstVisitor): void {
  const path: number[] = [];
  const nextEdge = starts.slice(0, nodes);
  const enter = (node: number) => {
    path.push(node);
    visitor.enter(node);
  };
  for (let root = 0; root < nodes; root++) {
    if (visitor.isSeen(root)) continue;
    enter(root);
    while (path.length > 0) {
      const node = path[path.length - 1]!;
      const at = nextEdge[node]!++;
      if (at < starts[node + 1]!) {
        if (visitor.follow(node, targets[at]!)) enter(targets[at]!);
      } else {
        path.pop();
        visitor.leave(node, path[path.length - 1]);
      }
    }
  }
}
