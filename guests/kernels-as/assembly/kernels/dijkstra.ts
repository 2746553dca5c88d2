// Shortest paths over a grid of random weights with a binary heap of packed (distance, square) pairs.
import { mix, Random } from '../checksum';

const SIDE = 40;
const SQUARES = SIDE * SIDE;

class Heap {
  private items: StaticArray<u64> = new StaticArray<u64>(SQUARES * 4);
  size: i32 = 0;

  push(item: u64): void {
    let i = this.size++;
    for (; i > 0; i = (i - 1) >> 1) {
      const parent = this.items[(i - 1) >> 1];
      if (parent <= item) break;
      this.items[i] = parent;
    }
    this.items[i] = item;
  }

  pop(): u64 {
    const top = this.items[0];
    const last = this.items[--this.size];
    let i = 0;
    for (let child = 1; child < this.size; child = 2 * i + 1) {
      if (child + 1 < this.size && this.items[child + 1] < this.items[child]) child++;
      if (last <= this.items[child]) break;
      this.items[i] = this.items[child];
      i = child;
    }
    this.items[i] = last;
    return top;
  }
}

function neighbour(square: i32, direction: i32): i32 {
  const x = square % SIDE;
  if (direction == 0) return x > 0 ? square - 1 : -1;
  if (direction == 1) return x < SIDE - 1 ? square + 1 : -1;
  if (direction == 2) return square - SIDE;
  return square + SIDE < SQUARES ? square + SIDE : -1;
}

function shortestPaths(weights: Uint8Array, distances: Uint32Array): void {
  const heap = new Heap();
  distances.fill(u32.MAX_VALUE);
  distances[0] = 0;
  heap.push(0);
  while (heap.size > 0) {
    const item = heap.pop();
    const square = (item & 0xffff) as i32;
    const distance = (item >> 16) as u32;
    if (distance > distances[square]) continue;
    for (let direction = 0; direction < 4; direction++) {
      const next = neighbour(square, direction);
      if (next < 0) continue;
      const through = distance + weights[next];
      if (through >= distances[next]) continue;
      distances[next] = through;
      heap.push(((through as u64) << 16) | next);
    }
  }
}

export function dijkstra(variation: u32): u32 {
  const random = new Random(4711, variation);
  const weights = new Uint8Array(SQUARES);
  const distances = new Uint32Array(SQUARES);
  for (let i = 0; i < SQUARES; i++) weights[i] = ((random.next() & 127) + 1) as u8;
  shortestPaths(weights, distances);
  let sum: u32 = 0;
  for (let i = 0; i < SQUARES; i++) sum = mix(sum, distances[i]);
  return sum;
}
