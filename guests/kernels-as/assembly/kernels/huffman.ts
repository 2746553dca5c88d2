// Huffman coding with objects: a sorted list of nodes, a tree of code lengths, bits in and out.
import { mix, Random } from '../checksum';

const SIZE = 6000;

class Node {
  left: Node | null = null;
  right: Node | null = null;
  constructor(
    readonly symbol: i32,
    readonly weight: u32,
  ) {}
}

function heavier(a: Node, b: Node): i32 {
  return a.weight != b.weight ? (a.weight < b.weight ? 1 : -1) : b.symbol - a.symbol;
}

function buildTree(data: Uint8Array): Node {
  const weights = new Uint32Array(64);
  for (let i = 0; i < data.length; i++) weights[data[i]]++;
  const nodes: Node[] = [];
  for (let s = 0; s < 64; s++) if (weights[s] > 0) nodes.push(new Node(s, weights[s]));
  while (nodes.length > 1) {
    nodes.sort(heavier);
    const right = nodes.pop();
    const left = nodes.pop();
    const parent = new Node(64 + nodes.length, left.weight + right.weight);
    parent.left = left;
    parent.right = right;
    nodes.push(parent);
  }
  return nodes[0];
}

function collectCodes(node: Node, code: string, codes: Map<i32, string>): void {
  const left = node.left;
  const right = node.right;
  if (left === null || right === null) {
    codes.set(node.symbol, code);
    return;
  }
  collectCodes(left, code + '0', codes);
  collectCodes(right, code + '1', codes);
}

function encode(data: Uint8Array, codes: Map<i32, string>, bits: Uint8Array): i32 {
  let length = 0;
  for (let i = 0; i < data.length; i++) {
    const code = codes.get(data[i]);
    for (let k = 0; k < code.length; k++) bits[length++] = (code.charCodeAt(k) - 48) as u8;
  }
  return length;
}

function decode(root: Node, bits: Uint8Array, length: i32, sum: u32): u32 {
  let node = root;
  for (let i = 0; i < length; i++) {
    const next = bits[i] ? node.right : node.left;
    if (next === null) return 0;
    node = next;
    if (node.left !== null) continue;
    sum = mix(sum, node.symbol);
    node = root;
  }
  return sum;
}

export function huffman(variation: u32): u32 {
  const random = new Random(271828, variation);
  const data = new Uint8Array(SIZE);
  let expected: u32 = 0;
  for (let i = 0; i < SIZE; i++) {
    data[i] = (random.next() & random.next() & 63) as u8;
    expected = mix(expected, data[i]);
  }
  const root = buildTree(data);
  const codes = new Map<i32, string>();
  collectCodes(root, '', codes);
  const bits = new Uint8Array(SIZE * 16);
  const length = encode(data, codes, bits);
  return decode(root, bits, length, 0) == expected ? mix(expected, length) : 0;
}
