/** The checker itself, on histories whose verdict is known. A line per client: time runs to the right. */
import { describe, expect, it } from 'vitest';
import { Random } from '../sim/random.js';
import { applyRequest, KV_MODEL, type KvInput, type KvOperation, type KvOutput } from './kv-model.js';
import { linearize } from './linearizability.js';

function op(call: number, returned: number, input: KvInput, output?: KvOutput): KvOperation {
  return output === undefined ? { call, returned, input } : { call, returned, input, output };
}

const NEVER = Number.POSITIVE_INFINITY;

const GOOD: Record<string, KvOperation[]> = {
  'nothing at all': [],
  'one after the other': [op(1, 2, ['SET', 'a'], 'OK'), op(3, 4, ['GET'], 'a'), op(5, 6, ['DEL'], 1)],
  'a read beside a write may see either': [
    op(1, 6, ['SET', 'a'], 'OK'),
    op(2, 3, ['GET'], null),
    op(4, 5, ['GET'], 'a'),
  ],
  'two increments at once': [op(1, 4, ['INCR'], 2), op(2, 3, ['INCR'], 1)],
  'an unanswered write that took effect late': [
    op(1, NEVER, ['SET', 'a']),
    op(2, 3, ['GET'], null),
    op(4, 5, ['GET'], 'a'),
  ],
  'an unanswered write that never took effect': [op(1, NEVER, ['INCR']), op(2, 3, ['INCR'], 1)],
  'appends in the order that the last length tells': [
    op(1, 5, ['APPEND', 'x'], 3),
    op(2, 6, ['APPEND', 'yy'], 2),
    op(7, 8, ['GET'], 'yyx'),
  ],
};

const BAD: Record<string, KvOperation[]> = {
  'a write is lost': [op(1, 2, ['SET', 'a'], 'OK'), op(3, 4, ['GET'], null)],
  'a read goes back': [op(1, 8, ['SET', 'a'], 'OK'), op(2, 3, ['GET'], 'a'), op(4, 5, ['GET'], null)],
  'an increment was done twice': [op(1, 2, ['INCR'], 1), op(3, 4, ['INCR'], 3)],
  'two increments got the same answer': [op(1, 4, ['INCR'], 1), op(2, 3, ['INCR'], 1)],
  'a value that nobody wrote': [op(1, 4, ['SET', 'a'], 'OK'), op(2, 3, ['GET'], 'b')],
  'an unanswered write took effect and was undone': [
    op(1, NEVER, ['SET', 'a']),
    op(2, 3, ['GET'], 'a'),
    op(4, 5, ['GET'], null),
  ],
  'a deletion finds nothing after a write': [op(1, 2, ['SET', 'a'], 'OK'), op(3, 4, ['DEL'], 0)],
  'appends contradict each other': [
    op(1, 5, ['APPEND', 'x'], 3),
    op(2, 6, ['APPEND', 'yy'], 2),
    op(7, 8, ['GET'], 'xyy'),
  ],
};

describe('linearizable', () => {
  it.each(Object.entries(GOOD))('%s', (_, operations) => {
    const order = linearize(KV_MODEL, operations);
    expect(order).toBeDefined();
    let state = KV_MODEL.initial;
    for (const index of order ?? []) {
      const { input, output } = operations[index] as KvOperation;
      state = KV_MODEL.step(state, input, output) ?? expect.fail(`operation ${index} does not fit`);
    }
  });
});

describe('not linearizable', () => {
  it.each(Object.entries(BAD))('%s', (_, operations) => {
    expect(linearize(KV_MODEL, operations)).toBeUndefined();
  });
});

/** Runs `count` operations of some clients at once against one correct key: each takes effect at a moment of its own. */
function correctHistory(seed: number, count: number): KvOperation[] {
  const random = new Random(seed);
  const pending: { call: number; effect: number; returned: number; input: KvInput }[] = [];
  for (let index = 0; index < count; index++) {
    const call = index * 10 + random.between(0, 5);
    const effect = call + random.between(0, 30);
    const inputs: KvInput[] = [['INCR'], ['GET'], ['DEL'], ['SET', String(1000 + index)]];
    pending.push({ call, effect, returned: effect + random.between(0, 30), input: random.pick(inputs) });
  }
  let state = KV_MODEL.initial;
  return pending
    .sort((a, b) => a.effect - b.effect)
    .map(({ call, returned, input }) => {
      const { next, reply } = applyRequest(state, input);
      state = next;
      return { call, returned, input, output: reply };
    });
}

it('accepts long histories of a correct object, and rejects them after one wrong answer', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const history = correctHistory(seed, 300);
    expect(linearize(KV_MODEL, history)).toHaveLength(300);
    const wrong = history.findIndex(({ input }, index) => input[0] === 'INCR' && index > 150);
    const spoilt = history.map((operation, index) =>
      index === wrong ? { ...operation, output: 9_999_999 } : operation,
    );
    expect(linearize(KV_MODEL, spoilt)).toBeUndefined();
  }
});
