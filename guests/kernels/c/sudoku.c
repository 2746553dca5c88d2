// Sudoku by backtracking over bit masks, the square with the fewest candidates first.
#include "kernel.h"

static uint16_t rows[9], columns[9], boxes[9];
static uint8_t grid[81];
static uint32_t steps;

static int box_of(int square) { return square / 27 * 3 + square % 9 / 3; }
static uint16_t candidates(int s) { return (uint16_t)(511 & ~(rows[s / 9] | columns[s % 9] | boxes[box_of(s)])); }

static void toggle(int square, uint16_t bit) {
  rows[square / 9] ^= bit;
  columns[square % 9] ^= bit;
  boxes[box_of(square)] ^= bit;
}

NOINLINE static int tightest(void) {
  int best = -1, fewest = 10;
  for (int s = 0; s < 81; s++) {
    if (grid[s]) continue;
    int count = __builtin_popcount(candidates(s));
    if (count < fewest) fewest = count, best = s;
  }
  return best;
}

NOINLINE static int solve(void) {
  int square = tightest();
  steps++;
  if (square < 0) return 1;
  for (uint16_t left = candidates(square); left; left &= (uint16_t)(left - 1)) {
    uint16_t bit = (uint16_t)(left & -left);
    grid[square] = (uint8_t)(__builtin_ctz(bit) + 1);
    toggle(square, bit);
    if (solve()) return 1;
    toggle(square, bit);
  }
  grid[square] = 0;
  return 0;
}

uint32_t kernel(uint32_t variation) {
  static const char puzzle[] =
      "8..........36......7..9.2...5...7.......457.....1...3...1....68..85...1..9....4..";
  uint8_t digits[9];
  uint32_t sum = steps = 0;
  permutation(digits, 9, variation);
  for (int i = 0; i < 9; i++) rows[i] = columns[i] = boxes[i] = 0;
  for (int s = 0; s < 81; s++) {
    grid[s] = puzzle[s] == '.' ? 0 : (uint8_t)(digits[puzzle[s] - '1'] + 1);
    if (grid[s]) toggle(s, (uint16_t)(1 << (grid[s] - 1)));
  }
  if (!solve()) return 0;
  for (int s = 0; s < 81; s++) sum = mix(sum, grid[s]);
  return mix(sum, steps);
}

KERNEL_MAIN("sudoku", 0x0ebc31e2u)
