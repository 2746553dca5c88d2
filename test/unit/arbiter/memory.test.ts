import { expect, test } from 'vitest';
import { ArbiterUnreachableError } from '../../../src/arbiter/arbiter.js';
import { type ArbiterFault, MemoryArbiter } from '../../../src/arbiter/memory.js';
import { arbiterContract, record } from './contract.js';

arbiterContract('MemoryArbiter', () => {
  const arbiter = new MemoryArbiter();
  return () => arbiter;
});

test('a lost request has no effect, a lost reply has; the caller cannot tell', async () => {
  let fault: ArbiterFault = 'lost-request';
  const arbiter = new MemoryArbiter({ fault: () => fault });
  await expect(arbiter.compareAndSet(0, record(1))).rejects.toThrow(ArbiterUnreachableError);
  expect(arbiter.state).toBeUndefined();
  fault = 'lost-reply';
  await expect(arbiter.compareAndSet(0, record(1))).rejects.toThrow(ArbiterUnreachableError);
  await expect(arbiter.read()).rejects.toThrow(ArbiterUnreachableError);
  expect(arbiter.state).toEqual({ generation: 1, record: record(1) });
});
