/** A rehearsal that does not come to its end would warm up nothing, and nobody would notice. */
import { expect, it } from 'vitest';
import type { Timers } from '../../../src/runtime/ports.js';
import { rehearseGateway } from '../../../src/runtime/rehearsal/gateway.js';
import { rehearse } from '../../../src/runtime/rehearsal/rehearsal.js';
import { rehearseReplicas } from '../../../src/runtime/rehearsal/replicas.js';

it.each(['switch', 'death'] as const)('the backup of a pair goes live after a %s', (end) => {
  expect(rehearseReplicas(end)).toEqual({ role: 'primary', wentLive: true });
});

it('every client gets a reply of the first replica and one of the second', async () => {
  expect(await rehearseGateway()).toEqual([64, 64, 64, 64]);
});

it('goes on round by round until it is over, or ended', () => {
  const waiting: (() => void)[] = [];
  const after = (_ms: number, run: () => void): (() => void) => {
    waiting.push(run);
    return () => void waiting.splice(waiting.indexOf(run), 1);
  };
  const timers: Timers = { now: () => 0, every: () => () => {}, after };
  let rounds = 0;
  const play = (): void => void rounds++;
  rehearse(timers, [play]);
  for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) run();
  expect(rounds).toBeGreaterThan(1);
  const end = rehearse(timers, [play]);
  waiting.shift()?.();
  expect(waiting).toHaveLength(1);
  end();
  expect(waiting).toEqual([]);
});
