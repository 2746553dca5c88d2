/**
 * An arbiter that answers late, or whose answers get lost after it has done what it was asked: a real pair on a file arbiter
 * whose file system is made slow and forgetful, under load, with the history check afterwards.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { expectLinearizable } from '../history/round.js';
import type { CliProcess } from '../support/cli-process.js';
import { ROOT } from '../support/cli-process.js';
import { temporaryFolder } from '../support/modules.js';
import { connectThrough, Replicas, startGateway } from '../support/replicas.js';

const PRELOAD = path.join(ROOT, 'test/support/slow-arbiter.mjs');

interface Scene {
  readonly alpha: CliProcess;
  readonly beta: CliProcess;
  /** What is wrong with the arbiter from now on: `slow MS`, `lost` or nothing. */
  readonly arbiterIs: (fault: string) => void;
}

const FAULTS: Record<string, (scene: Scene) => Promise<unknown>> = {
  'the primary dies, and the arbiter takes three seconds for every answer': async ({ alpha, beta, arbiterIs }) => {
    arbiterIs('slow 3000');
    alpha.kill('SIGKILL');
    const { reason } = await beta.event('arbiter-unreachable');
    expect(reason).toBe('no answer within 2000 ms');
    await beta.event('go-live');
  },
  'the primary dies, and the arbiter grants the epoch without saying so': async ({ alpha, beta, arbiterIs }) => {
    arbiterIs('lost');
    alpha.kill('SIGKILL');
    await beta.event('arbiter-unreachable');
    expect(beta.has('go-live')).toBe(false);
    arbiterIs('well');
    await beta.event('arbiter-reachable');
    await beta.event('go-live');
  },
  'the backup dies, and the arbiter grants the epoch without saying so': async ({ alpha, beta, arbiterIs }) => {
    arbiterIs('lost');
    beta.kill('SIGKILL');
    await alpha.event('arbiter-unreachable');
    expect(alpha.has('solo')).toBe(false);
    arbiterIs('well');
    await alpha.event('solo');
  },
  'the primary hands over, and the arbiter takes a second for every step': async ({ alpha, beta, arbiterIs }) => {
    arbiterIs('slow 1000');
    alpha.kill('SIGTERM');
    await beta.event('go-live');
  },
};

const NAMES = Object.keys(FAULTS);

it.each(NAMES)('a linearizable history while %s', async (name) => {
  const fault = path.join(temporaryFolder(), 'fault');
  const arbiterIs = (kind: string): void => writeFileSync(fault, kind);
  const env = { NODE_OPTIONS: `--import=${PRELOAD}`, FTW_TEST_FAULT: fault };
  const { alpha, beta, logAddresses } = await new Replicas().pair({ alpha: { env }, beta: { env } });
  const gateway = await startGateway(logAddresses);
  await expectLinearizable({
    name,
    round: 200 + NAMES.indexOf(name),
    connect: () => connectThrough(gateway),
    fault: () => FAULTS[name]!({ alpha, beta, arbiterIs }),
  });
  // Each epoch was won once.
  const won = [alpha, beta].flatMap(({ events }) =>
    events.filter(({ event }) => event === 'epoch-won').map(({ epoch }) => epoch),
  );
  expect(new Set(won).size).toBe(won.length);
});
