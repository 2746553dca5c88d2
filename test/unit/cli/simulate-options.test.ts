import { describe, expect, it } from 'vitest';
import { type RawSimulateFlags, toSimulateOptions } from '../../../src/cli/simulate-options.js';

function crashAt(flags: RawSimulateFlags) {
  return toSimulateOptions('kv.wasm', [], { script: 's.txt', ...flags }, {}).simulation.crashAt;
}

describe('--crash-at', () => {
  it('is every entry by default', () => expect(crashAt({})).toEqual({ kind: 'every-entry' }));
  it('takes entries', () => expect(crashAt({ crashAt: '3,10' })).toEqual({ kind: 'entries', entries: [3, 10] }));
  it('takes a number of random ones with a seed', () =>
    expect(crashAt({ crashAt: 'random:5', seed: '9' })).toEqual({ kind: 'random', count: 5, seed: 9 }));
  it.each(['', 'often', '3,', 'random:', 'random:x', '-1'])('refuses %j', (text) =>
    expect(() => crashAt({ crashAt: text })).toThrow(`--crash-at '${text}': expected every-entry`),
  );
  it.each(['0', '1,0', 'random:0'])('refuses %j', (text) =>
    expect(() => crashAt({ crashAt: text })).toThrow('a whole number of at least 1'),
  );
});

it('needs a script', () => {
  expect(() => toSimulateOptions('kv.wasm', [], {}, {})).toThrow('--script is missing');
});

it("passes the guest's arguments, environment and limits on", () => {
  const flags: RawSimulateFlags = { script: 's.txt', env: ['A=b'], maxStack: '7', engine: 'interpreter', json: true };
  const { simulation, script, json } = toSimulateOptions('kv.wasm', ['x'], flags, {});
  expect({ script, json }).toEqual({ script: 's.txt', json: true });
  expect(simulation).toMatchObject({ module: 'kv.wasm', args: ['x'], env: { A: 'b' }, engine: 'interpreter', seed: 1 });
  expect(simulation.limits).toEqual({ stackUnitsMax: 7 });
});
