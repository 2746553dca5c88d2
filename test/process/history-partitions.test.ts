/**
 * The history check under partitions: replicas and gateway on hosts of their own, and a network between them that loses
 * everything in one or in both directions. Other seeds: FTW_HISTORY_SEED=N.
 */
import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import { expectLinearizable, raceDecided } from '../history/round.js';
import { CliProcess } from '../support/cli-process.js';
import { Hosts, whyUnavailable } from '../support/namespaces.js';
import { connectThrough, gatewayArgs, Replicas } from '../support/replicas.js';

const unavailable = whyUnavailable();
if (unavailable !== undefined) console.warn(`history-partitions.test.ts is skipped: ${unavailable}`);

interface Scene {
  readonly hosts: Hosts;
  readonly alpha: CliProcess;
  readonly beta: CliProcess;
  readonly gateway: CliProcess;
}

/** What happens to the network in a round, and what shows that it did. */
const PARTITIONS: Record<string, (scene: Scene) => Promise<unknown>> = {
  'the replicas cannot reach each other': ({ hosts, alpha, beta }) => {
    hosts.part('alpha', 'beta');
    return raceDecided(alpha, beta);
  },
  'what the primary sends to the backup is lost': ({ hosts, alpha, beta }) => {
    hosts.drop('alpha', 'beta');
    return raceDecided(alpha, beta);
  },
  'what the backup sends to the primary is lost': ({ hosts, alpha, beta }) => {
    hosts.drop('beta', 'alpha');
    return raceDecided(alpha, beta);
  },
  'the primary is cut off from everybody and comes back': async ({ hosts, alpha, beta }) => {
    hosts.unplug('alpha');
    await raceDecided(alpha, beta);
    hosts.plugIn('alpha');
  },
  'the backup is cut off from everybody and comes back': async ({ hosts, alpha, beta }) => {
    hosts.unplug('beta');
    await raceDecided(alpha, beta);
    hosts.plugIn('beta');
  },
  'what clients send does not reach the primary for a while': async ({ hosts }) => {
    hosts.drop('gateway', 'alpha');
    await hosts.untilDropped('gateway', 'alpha');
    hosts.heal();
  },
  'what the primary answers does not reach the gateway for a while': async ({ hosts }) => {
    hosts.drop('alpha', 'gateway');
    await hosts.untilDropped('alpha', 'gateway');
    hosts.heal();
  },
  'the primary dies, and the gateway cannot hear of it': async ({ hosts, alpha, beta }) => {
    hosts.part('alpha', 'gateway');
    await hosts.untilDropped('gateway', 'alpha');
    alpha.kill('SIGKILL');
    await beta.event('go-live');
  },
  'the backup goes live, and the gateway reaches the old primary alone': async ({ hosts, alpha, beta }) => {
    hosts.part('beta', 'gateway');
    alpha.kill('SIGSTOP');
    await beta.event('go-live');
    alpha.kill('SIGCONT');
    await alpha.exit();
    hosts.heal();
  },
};

const NAMES = Object.keys(PARTITIONS);

describe.skipIf(unavailable !== undefined)('on hosts of their own', () => {
  let hosts: Hosts;
  beforeAll(() => {
    hosts = new Hosts();
  });
  afterAll(() => hosts?.close());
  beforeEach(() => hosts.heal());

  it.each(NAMES)('a linearizable history while %s', async (name) => {
    const scene = await setUp(hosts);
    await expectLinearizable({
      name,
      round: 100 + NAMES.indexOf(name),
      connect: () => connectThrough(scene.gateway),
      fault: () => PARTITIONS[name]!(scene),
    });
  });
});

async function setUp(hosts: Hosts): Promise<Scene> {
  const at = (name: 'alpha' | 'beta') => ({ host: hosts.address(name), namespace: hosts.namespace(name) });
  const { alpha, beta, logAddresses } = await new Replicas().pair({ alpha: at('alpha'), beta: at('beta') });
  const gateway = CliProcess.start(gatewayArgs(logAddresses, '--listen', `${hosts.gatewayForClients}:0`), {
    namespace: hosts.namespace('gateway'),
  });
  await gateway.event('gateway-attached');
  return { hosts, alpha, beta, gateway };
}
