// A bytecode machine in a switch: br_table dispatch with a hot operand stack in memory.
#include "kernel.h"

enum { PUSH, ADD, SUB, MUL, XOR, LOAD, STORE, JUMP_IF, JUMP, LESS, DUP, CALL, RETURN, HALT };

// x = 1; for (i = first; i < n; i++) x = step(x, i); where step(x, i) = (x * 31 + i) ^ (x - i)
static const int32_t program[] = {
    PUSH, 1, STORE, 0, LOAD, 3, STORE, 1,                // 0: x = 1, i = first
    LOAD, 1, LOAD, 2, LESS, JUMP_IF, 18, LOAD, 0, HALT,  // 8: while (i < n), else return x
    CALL, 29, LOAD, 1, PUSH, 1, ADD, STORE, 1,           // 18: step(); i++
    JUMP, 8,                                             // 27
    LOAD, 0, PUSH, 31, MUL, LOAD, 1, ADD,                // 29: x * 31 + i
    LOAD, 0, LOAD, 1, SUB, XOR, DUP, STORE, 0, STORE, 3, // 37: ^ (x - i), kept twice
    RETURN,
};

NOINLINE static int32_t run(const int32_t *code, int32_t first, int32_t n) {
  int32_t stack[32], variables[4] = {0, 0, n, first}, calls[8];
  int32_t *top = stack, pc = 0, depth = 0;
  for (;;) {
    switch (code[pc++]) {
      case PUSH: *top++ = code[pc++]; break;
      case ADD: top--, top[-1] = (int32_t)((uint32_t)top[-1] + (uint32_t)top[0]); break;
      case SUB: top--, top[-1] = (int32_t)((uint32_t)top[-1] - (uint32_t)top[0]); break;
      case MUL: top--, top[-1] = (int32_t)((uint32_t)top[-1] * (uint32_t)top[0]); break;
      case XOR: top--, top[-1] ^= top[0]; break;
      case LOAD: *top++ = variables[code[pc++]]; break;
      case STORE: variables[code[pc++]] = *--top; break;
      case JUMP_IF: pc = *--top ? code[pc] : pc + 1; break;
      case JUMP: pc = code[pc]; break;
      case LESS: top--, top[-1] = top[-1] < top[0]; break;
      case DUP: *top = top[-1], top++; break;
      case CALL: calls[depth++] = pc + 1, pc = code[pc]; break;
      case RETURN: pc = calls[--depth]; break;
      default: return top[-1];
    }
  }
}

uint32_t kernel(uint32_t variation) {
  int32_t first = (int32_t)variation;
  return mix(0, (uint32_t)run(program, first, first + 20000));
}

KERNEL_MAIN("stackvm", 0x30148cb7u)
