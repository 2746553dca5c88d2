/** A list value: doubly linked nodes, each one block with its bytes behind the header. */
import { allocate, free } from '../memory/allocator';

@unmanaged
export class List {
  head: usize = 0;
  tail: usize = 0;
  count: u32 = 0;
  /** For lists that wait to be reclaimed. */
  next: usize = 0;
}

@unmanaged
export class ListNode {
  next: usize = 0;
  previous: usize = 0;
  length: u32 = 0;
}

/** An empty list, or 0 when memory is exhausted. */
export function createList(): usize {
  const address = allocate(offsetof<List>());
  if (address) memory.fill(address, 0, offsetof<List>());
  return address;
}

export function nodeAt(address: usize): ListNode {
  return changetype<ListNode>(address);
}

export function nodeBytes(node: ListNode): usize {
  return changetype<usize>(node) + offsetof<ListNode>();
}

/** Adds a copy of the bytes at the head or at the tail; false when memory is exhausted. */
export function push(list: List, atHead: bool, bytes: usize, length: u32): bool {
  const address = allocate(offsetof<ListNode>() + length);
  if (!address) return false;
  const node = nodeAt(address);
  node.length = length;
  memory.copy(nodeBytes(node), bytes, length);
  node.next = atHead ? list.head : 0;
  node.previous = atHead ? 0 : list.tail;
  if (node.next) nodeAt(node.next).previous = address;
  else list.tail = address;
  if (node.previous) nodeAt(node.previous).next = address;
  else list.head = address;
  list.count++;
  return true;
}

/** Takes the first or last node out; the caller frees it. The list must not be empty. */
export function takeEnd(list: List, atHead: bool): ListNode {
  const node = nodeAt(atHead ? list.head : list.tail);
  if (node.next) nodeAt(node.next).previous = node.previous;
  else list.tail = node.previous;
  if (node.previous) nodeAt(node.previous).next = node.next;
  else list.head = node.next;
  list.count--;
  return node;
}

/** The node at a position, reached from the nearer end. */
export function nodeAtIndex(list: List, index: u32): ListNode {
  let address: usize;
  if (index < list.count >> 1) {
    address = list.head;
    while (index--) address = nodeAt(address).next;
  } else {
    address = list.tail;
    for (let i = list.count - 1; i > index; i--) address = nodeAt(address).previous;
  }
  return nodeAt(address);
}

export function freeNode(node: ListNode): void {
  free(changetype<usize>(node));
}
