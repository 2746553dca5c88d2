/** With several backups, failures in quick succession: as long as one of them is left, clients cannot tell. */
import { expect, test } from 'vitest';
import { type Death, type FailureRun, playFailures } from './failure-sweep.js';
import type { ReplicaPlan } from './world.js';

const THREE: readonly ReplicaPlan[] = [
  { id: 'a', role: 'primary' },
  { id: 'b', role: 'backup' },
  { id: 'c', role: 'backup' },
];
const FOUR: readonly ReplicaPlan[] = [...THREE, { id: 'd', role: 'backup' }];

/** Where the first death strikes, in steps after the client has come: at its start, and in the middle of its requests. */
const FIRST = [3, 26, 51];
/** Behind that, every step is swept until things have calmed down again. */
const STEPS = 70;

async function sweep(replicas: readonly ReplicaPlan[], deathsAt: (first: number, then: number) => readonly Death[]) {
  const undisturbed = await playFailures({ replicas, deaths: [] });
  expect(undisturbed.ending).toBe('live');
  expect(undisturbed.received.length).toBe(60);
  const runs: FailureRun[] = [];
  for (const first of FIRST) {
    for (let then = 0; then < STEPS; then++) {
      const deaths = deathsAt(first, then);
      const run = await playFailures({ replicas, deaths });
      expect(run, JSON.stringify(deaths)).toMatchObject({ ending: 'live', received: undisturbed.received });
      runs.push(run);
    }
  }
  return runs;
}

test.each([
  ['b', true],
  ['b', false],
  ['c', true],
  ['c', false],
])('of three the primary dies, then %s (its connections end: %s)', async (second, gently) => {
  const runs = await sweep(THREE, (first, then) => [
    { id: 'a', afterSteps: first, gently: true },
    { id: second, afterSteps: then, gently },
  ]);
  for (const { live } of runs) expect(live).toBe(second === 'b' ? 'c' : 'b');
  // Whoever is left had the log, or was sent what it was short of.
  expect(runs.every(({ transfers }) => transfers === 0)).toBe(true);
  expect(runs.some(({ resumed }) => resumed > 0)).toBe(true);
});

/** A machine that loses power may have sent more to one backup than to the other: that one goes live, whoever it is. */
test('of three the primary loses its power, and the most advanced backup goes live', async () => {
  const runs: FailureRun[] = [];
  for (let first = 1; first <= 2 * STEPS; first++) {
    runs.push(await playFailures({ replicas: THREE, deaths: [{ id: 'a', afterSteps: first, gently: false }] }));
  }
  expect(runs.every(({ ending }) => ending === 'live')).toBe(true);
  expect(runs.map(({ live }) => live)).toEqual(expect.arrayContaining(['b', 'c']));
  // One that had more than the winner would have needed a transfer.
  expect(runs.filter(({ transfers }) => transfers > 0)).toEqual([]);
  expect(runs.some(({ deferred }) => deferred > 0)).toBe(true);
});

/** A machine that loses power may have sent more to one backup than to the other, which then needs a transfer of its own. */
test('of four the primary dies, then two more, one after the other', async () => {
  const runs = await sweep(FOUR, (first, then) => [
    { id: 'a', afterSteps: first, gently: true },
    { id: 'b', afterSteps: then, gently: true },
    { id: 'c', afterSteps: (then * 7) % 40, gently: true },
  ]);
  for (const { live } of runs) expect(live).toBe('d');
});

test('of four two die, and the two that are left protect each other', async () => {
  const runs = await sweep(FOUR, (first, then) => [
    { id: 'a', afterSteps: first, gently: then % 2 === 1 },
    { id: 'd', afterSteps: then, gently: true },
  ]);
  expect(runs.filter(({ resumed }) => resumed > 0).length).toBeGreaterThan(runs.length / 2);
});
