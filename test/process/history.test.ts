/**
 * Concurrent clients of a real pair through a real gateway, one fault per round; what they saw must be explained by one
 * order of all requests, key by key. Another first seed: FTW_HISTORY_SEED=N.
 */
import { expect, it } from 'vitest';
import { expectLinearizable, raceDecided } from '../history/round.js';
import type { CliProcess } from '../support/cli-process.js';
import { connectThrough, Replicas, startGateway } from '../support/replicas.js';
import { TcpProxy } from '../support/tcp-proxy.js';

interface Scene {
  readonly alpha: CliProcess;
  readonly beta: CliProcess;
  readonly gateway: CliProcess;
  /** Between the two replicas. */
  readonly channel: TcpProxy;
  /** Between the gateway and the primary. */
  readonly link: TcpProxy;
}

/** What happens in a round, and what shows that it did. */
const FAULTS: Record<string, (scene: Scene) => Promise<unknown>> = {
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
  'the log channel is cut': ({ alpha, beta, channel }) => {
    channel.cut();
    return raceDecided(alpha, beta);
  },
  'the log channel stalls': ({ alpha, beta, channel }) => {
    channel.stall('both');
    return raceDecided(alpha, beta);
  },
  'what the primary logs stalls, acknowledgements do not': ({ alpha, beta, channel }) => {
    channel.stall('replies');
    return raceDecided(alpha, beta);
  },
  'the gateway is cut off from the primary for a while': async ({ gateway, link }) => {
    link.cut();
    await gateway.event('gateway-detached');
    link.mend();
    await attachedAgain(gateway);
  },
  'the gateway is cut off from the primary, which dies': async ({ alpha, beta, link }) => {
    link.stall('both');
    await link.stalled;
    alpha.kill('SIGKILL');
    await beta.event('go-live');
  },
};

const NAMES = Object.keys(FAULTS);

it.each(NAMES)('a linearizable history while %s', async (name) => {
  const scene = await setUp();
  await expectLinearizable({
    name,
    round: NAMES.indexOf(name),
    connect: () => connectThrough(scene.gateway),
    fault: () => FAULTS[name]!(scene),
  });
});

async function setUp(): Promise<Scene> {
  let channel: TcpProxy | undefined;
  const { alpha, beta, logAddresses } = await new Replicas().pair({
    via: async (logAddress) => {
      channel = await TcpProxy.open(logAddress);
      return channel.address;
    },
  });
  const link = await TcpProxy.open(logAddresses[0]!);
  const gateway = await startGateway([link.address, logAddresses[1]!]);
  return { alpha, beta, gateway, channel: channel!, link };
}

/** Resolves once the gateway has attached a second time. */
async function attachedAgain(gateway: CliProcess): Promise<void> {
  await expect.poll(() => gateway.events.filter(({ event }) => event === 'gateway-attached').length).toBe(2);
}
