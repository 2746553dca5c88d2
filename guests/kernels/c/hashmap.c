// An open-addressing hash map with growth and deletion: 64-bit hashing and dependent loads.
#include "kernel.h"
#include <stdlib.h>

typedef struct {
  uint64_t key;
  uint32_t value, state;
} Slot;
enum { FREE, USED, DEAD };
typedef struct {
  Slot *slots;
  uint32_t mask, filled;
} Map;

static uint32_t hash(uint64_t key) {
  key = (key ^ key >> 33) * 0xff51afd7ed558ccdull;
  key = (key ^ key >> 33) * 0xc4ceb9fe1a85ec53ull;
  return (uint32_t)(key ^ key >> 33);
}

NOINLINE static Slot *find(const Map *map, uint64_t key) {
  Slot *dead = NULL;
  for (uint32_t i = hash(key) & map->mask;; i = (i + 1) & map->mask) {
    Slot *slot = &map->slots[i];
    if (slot->state == FREE) return dead ? dead : slot;
    if (slot->state == DEAD) {
      if (!dead) dead = slot;
    } else if (slot->key == key) {
      return slot;
    }
  }
}

static void put(Map *map, uint64_t key, uint32_t value);

static void grow(Map *map) {
  Map old = *map;
  *map = (Map){calloc((old.mask + 1) * 2, sizeof(Slot)), old.mask * 2 + 1, 0};
  for (uint32_t i = 0; i <= old.mask; i++) {
    if (old.slots[i].state == USED) put(map, old.slots[i].key, old.slots[i].value);
  }
  free(old.slots);
}

NOINLINE static void put(Map *map, uint64_t key, uint32_t value) {
  if (map->filled * 4 > map->mask * 3) grow(map);
  Slot *slot = find(map, key);
  if (slot->state == FREE) map->filled++;
  *slot = (Slot){key, value, USED};
}

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(5, variation), sum = 0;
  Map map = {calloc(64, sizeof(Slot)), 63, 0};
  for (uint32_t i = 0; i < 12000; i++) {
    uint64_t key = random_next(&seed) % 9000 * 0x100000001ull;
    Slot *slot = find(&map, key);
    if (slot->state != USED) {
      put(&map, key, i);
    } else if (i % 3 == 0) {
      slot->state = DEAD;
    } else {
      sum = mix(sum, slot->value++);
    }
  }
  sum = mix(sum, map.filled);
  free(map.slots);
  return sum;
}

KERNEL_MAIN("hashmap", 0xadf2e86du)
