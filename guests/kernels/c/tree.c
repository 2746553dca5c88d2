// Binary trees on the heap: allocate, walk, rotate and free, all through pointers and recursion.
#include "kernel.h"
#include <stdlib.h>

typedef struct Node {
  struct Node *left, *right;
  uint32_t key, priority;
} Node;

/// A treap: a search tree by key, a heap by priority, kept so by rotations.
NOINLINE static Node *insert(Node *node, uint32_t key, uint32_t priority) {
  if (!node) {
    Node *leaf = malloc(sizeof *leaf);
    *leaf = (Node){NULL, NULL, key, priority};
    return leaf;
  }
  Node **side = key < node->key ? &node->left : &node->right;
  Node *child = *side = insert(*side, key, priority);
  if (child->priority <= node->priority) return node;
  if (side == &node->left) {
    node->left = child->right;
    child->right = node;
  } else {
    node->right = child->left;
    child->left = node;
  }
  return child;
}

NOINLINE static uint32_t walk(const Node *node, uint32_t sum, uint32_t depth) {
  if (!node) return sum;
  sum = walk(node->left, sum, depth + 1);
  return walk(node->right, mix(sum, node->key ^ depth), depth + 1);
}

NOINLINE static void release(Node *node) {
  if (!node) return;
  release(node->left);
  release(node->right);
  free(node);
}

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(77, variation);
  Node *root = NULL;
  for (int i = 0; i < 4000; i++) {
    uint32_t key = random_next(&seed);
    root = insert(root, key, random_next(&seed));
  }
  uint32_t sum = walk(root, 0, 0);
  release(root);
  return sum;
}

KERNEL_MAIN("tree", 0xb969b8d8u)
