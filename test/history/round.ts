/** One round: concurrent clients, a fault in the middle of it, and the verdict on what the clients saw. */
import { expect } from 'vitest';
import { Random } from '../sim/random.js';
import type { CliProcess, LogEvent } from '../support/cli-process.js';
import type { RespClient } from '../support/resp-client.js';
import { History, makeRequests } from './clients.js';

const FIRST_SEED = Number(process.env['FTW_HISTORY_SEED'] ?? 1);
const CLIENTS = ['a', 'b', 'c', 'd', 'e', 'f'];
const REQUESTS_PER_CLIENT = 400;
const DECISION_MS = 40_000;

export interface Round {
  readonly name: string;
  /** Number of the round: each has a seed of its own. */
  readonly round: number;
  connect(): Promise<RespClient>;
  /** Resolves once what it did has had its effect. */
  fault(): Promise<unknown>;
}

/** Every client must keep its connection and get all its answers, and one order of all requests must explain them. */
export async function expectLinearizable({ name, round, connect, fault }: Round): Promise<void> {
  const seed = FIRST_SEED + round;
  const random = new Random(seed);
  const history = new History();
  const clients = await Promise.all(CLIENTS.map(connect));
  const faultAfter = random.whole(100, CLIENTS.length * REQUESTS_PER_CLIENT - 600);
  const load = Promise.all(
    CLIENTS.map((client, index) =>
      makeRequests(clients[index]!, history, seed * 100 + index, client, REQUESTS_PER_CLIENT),
    ),
  );
  await Promise.all([load, answersReach(history, faultAfter, load).then(fault)]);
  const violations = history.violations();
  console.log(`history: seed ${seed}, ${name} after ${faultAfter} of ${history.answered} answers`);
  expect(violations).toEqual([]);
  expect(history.answered).toBe(CLIENTS.length * REQUESTS_PER_CLIENT);
  for (const client of clients) client.close();
}

/** Resolves once one of two replicas has won an epoch that excludes the other. */
export async function raceDecided(alpha: CliProcess, beta: CliProcess): Promise<void> {
  const alone = ({ event, members }: LogEvent): boolean => event === 'epoch-won' && (members as string[]).length === 1;
  // The first epoch is the one in which the primary has started.
  const decided = (): boolean =>
    beta.has('go-live') || alpha.events.some((event) => alone(event) && Number(event['epoch']) > 2);
  await expect.poll(decided, { timeout: DECISION_MS }).toBe(true);
}

/** Resolves once so many requests have been answered; gives up with the load. */
async function answersReach(history: History, count: number, load: Promise<unknown>): Promise<void> {
  let failed = false;
  load.catch(() => {
    failed = true;
  });
  while (history.answered < count && !failed) await new Promise((resolve) => setImmediate(resolve));
}
