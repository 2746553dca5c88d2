/**
 * Concurrent clients of a real pair through a real gateway, one fault per round; what they saw must be explained by one
 * order of all requests, key by key. Another first seed: FTW_HISTORY_SEED=N.
 */
import { expect, it } from 'vitest';
import { History, makeRequests } from '../history/clients.js';
import { Random } from '../sim/random.js';
import type { CliProcess } from '../support/cli-process.js';
import { connectThrough, Replicas, startGateway } from '../support/replicas.js';

const FIRST_SEED = Number(process.env['FTW_HISTORY_SEED'] ?? 1);
const CLIENTS = ['a', 'b', 'c', 'd', 'e', 'f'];
const REQUESTS_PER_CLIENT = 400;

interface Pair {
  readonly alpha: CliProcess;
  readonly beta: CliProcess;
}

/** What happens in a round, and what shows that it did. */
const FAULTS: Record<string, (pair: Pair) => Promise<unknown>> = {
  'the primary is killed': ({ alpha, beta }) => {
    alpha.kill('SIGKILL');
    return beta.event('go-live');
  },
  'the primary hands over': ({ alpha, beta }) => {
    alpha.kill('SIGTERM');
    return beta.event('go-live');
  },
  'the primary sleeps and wakes up': async ({ alpha, beta }) => {
    alpha.kill('SIGSTOP');
    await beta.event('go-live');
    alpha.kill('SIGCONT');
    return alpha.exit();
  },
  'the backup is killed': ({ alpha, beta }) => {
    beta.kill('SIGKILL');
    return alpha.event('solo');
  },
};

it.each(Object.keys(FAULTS))('a linearizable history while %s', async (name) => {
  const seed = FIRST_SEED + Object.keys(FAULTS).indexOf(name);
  const random = new Random(seed);
  const { alpha, beta, logAddresses } = await new Replicas().pair();
  const gateway = await startGateway(logAddresses);
  const history = new History();
  const clients = await Promise.all(CLIENTS.map(() => connectThrough(gateway)));
  const faultAfter = random.whole(100, CLIENTS.length * REQUESTS_PER_CLIENT - 600);
  const load = Promise.all(
    CLIENTS.map((client, index) =>
      makeRequests(clients[index]!, history, seed * 100 + index, client, REQUESTS_PER_CLIENT),
    ),
  );
  const fault = answersReach(history, faultAfter, load).then(() => FAULTS[name]!({ alpha, beta }));
  await Promise.all([load, fault]);
  const violations = history.violations();
  console.log(`history: seed ${seed}, ${name} after ${faultAfter} of ${history.answered} answers`);
  expect(violations).toEqual([]);
  expect(history.answered).toBe(CLIENTS.length * REQUESTS_PER_CLIENT);
  for (const client of clients) client.close();
});

/** Resolves once so many requests have been answered; gives up with the load. */
async function answersReach(history: History, count: number, load: Promise<unknown>): Promise<void> {
  let failed = false;
  load.catch(() => {
    failed = true;
  });
  while (history.answered < count && !failed) await new Promise((resolve) => setImmediate(resolve));
}
