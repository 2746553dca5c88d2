/** One key of the key-value guest, as a sequential object. */
import type { Model, Operation } from './linearizability.js';

export type KvInput =
  | readonly ['SET', string]
  | readonly ['GET']
  | readonly ['INCR']
  | readonly ['DEL']
  | readonly ['APPEND', string];
export type KvOutput = string | number | null;
export type KvOperation = Operation<KvInput, KvOutput>;

/** A key that does not exist; values of the histories never look like this. */
const ABSENT = '\0';

export const KV_MODEL: Model<string, KvInput, KvOutput> = {
  initial: ABSENT,
  step(state, input, output) {
    const { next, reply } = applyRequest(state, input);
    return output === undefined || output === reply ? next : undefined;
  },
};

/** What a key that holds `state` does. */
export function applyRequest(state: string, input: KvInput): { next: string; reply: KvOutput } {
  const value = state === ABSENT ? undefined : state;
  switch (input[0]) {
    case 'SET':
      return { next: input[1], reply: 'OK' };
    case 'GET':
      return { next: state, reply: value ?? null };
    case 'INCR': {
      const count = Number(value ?? 0) + 1;
      return { next: String(count), reply: count };
    }
    case 'DEL':
      return { next: ABSENT, reply: value === undefined ? 0 : 1 };
    case 'APPEND': {
      const next = (value ?? '') + input[1];
      return { next, reply: next.length };
    }
  }
}
