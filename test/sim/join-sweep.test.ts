/** A death at every step of a join and of a recovery: clients must not be able to tell, unless it is that of the only one. */
import { expect, test } from 'vitest';
import { type JoinStory, playJoin } from './join-sweep.js';

const [a, b, c, d] = [
  { id: 'a', role: 'primary' },
  { id: 'b', role: 'backup' },
  { id: 'c', role: 'standby' },
  { id: 'd', role: 'standby' },
] as const;

const STORIES: readonly JoinStory[] = [
  {
    ...{ name: 'a standby joins a primary that runs alone', replicas: [a, c], backups: 1, newcomer: 'c' },
    ...{ afterLoss: false, victims: ['source', 'newcomer'] },
  },
  {
    ...{ name: 'a second backup joins a pair', replicas: [a, b, c], backups: 2, newcomer: 'c', afterLoss: false },
    victims: ['source', 'newcomer', 'bystander'],
  },
  {
    ...{ name: 'a standby replaces the lost one of two', replicas: [a, b, c], backups: 1, newcomer: 'c' },
    ...{ afterLoss: true, victims: ['source', 'newcomer'] },
  },
  {
    ...{ name: 'a standby replaces the lost one of three', replicas: [a, b, c, d], backups: 2, newcomer: 'd' },
    ...{ afterLoss: true, victims: ['source', 'newcomer', 'bystander'] },
  },
];

test.each(STORIES)('$name', async (story) => {
  const undisturbed = await playJoin(story);
  expect(undisturbed).toMatchObject({ ending: 'live', recorded: true });
  expect(undisturbed.received.length).toBeGreaterThan(30);
  const counts = { equal: 0, prefix: 0 };
  for (const victim of story.victims) {
    for (let step = 1; step <= undisturbed.steps; step++) {
      const run = await playJoin(story, { step, victim });
      const where = `${victim} killed at step ${step}`;
      if (run.alone && run.ending === 'dead') {
        expect(undisturbed.received.slice(0, run.received.length), where).toEqual(run.received);
        counts.prefix++;
      } else {
        expect(run, where).toMatchObject({ ending: 'live', received: undisturbed.received });
        counts.equal++;
      }
    }
  }
  console.log(`${story.name}: ${undisturbed.steps} steps, ${JSON.stringify(counts)}`);
  expect(counts.equal).toBeGreaterThan(undisturbed.steps);
});
