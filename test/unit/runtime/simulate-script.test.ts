import { describe, expect, it } from 'vitest';
import { parseScript } from '../../../src/runtime/simulate/script.js';

describe('a script', () => {
  it('is one step per line', () => {
    const text = ['# hello', 'a: connect', '', 'a: send "x\\r\\n\\u00ff" * 2', 'a: wait 3', 'pause 5ms', 'a: end'].join(
      '\n',
    );
    const { steps, lines, listeners } = parseScript(text);
    expect(steps).toEqual([
      { kind: 'connect', name: 'a', listener: 0 },
      { kind: 'send', name: 'a', bytes: Uint8Array.of(0x78, 13, 10, 0xff, 0x78, 13, 10, 0xff) },
      { kind: 'wait-count', name: 'a', count: 3 },
      { kind: 'pause', ms: 5 },
      { kind: 'end', name: 'a' },
    ]);
    expect(lines).toEqual([2, 4, 5, 6, 7]);
    expect(listeners).toBe(1);
  });

  it('says how many listeners the guest needs', () => {
    expect(parseScript('a: connect 2').listeners).toBe(3);
  });

  it.each([
    ['a: jump', "line 1: expected 'NAME: connect|send|wait|end|reset ...'"],
    ['\na: send "x"', "line 2: 'a' has not been connected"],
    ['a: connect\na: connect', "line 2: there is a connection 'a' already"],
    ['a: connect\na: send x', 'line 2: expected a text in double quotes'],
    ['a: connect\na: send "x', 'line 2: expected a text in double quotes'],
    ['a: connect\na: send "\\q"', 'line 2: "\\q" is not a JSON text'],
    ['a: connect\na: send "\\u0100"', 'line 2: a text stands for bytes'],
    ['a: connect\na: send ""', 'line 2: a text stands for bytes'],
    ['a: connect\na: wait many', "line 2: expected a whole number, got 'many'"],
    ['a: connect\na: end now', "line 2: 'end' takes nothing, got 'now'"],
  ])('%j is refused', (text, message) => {
    expect(() => parseScript(text)).toThrow(message);
  });
});
