/**
 * Machines and networks that fail, for real: two replicas and a gateway on hosts of their own, a client that increments
 * one counter through all of it. Every acknowledged increment counts once, nobody wins an epoch that another has won, and
 * the client keeps its one connection.
 */
import { mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { CliProcess } from '../support/cli-process.js';
import { Hosts, whyUnavailable } from '../support/namespaces.js';
import { gatewayArgs, Replicas } from '../support/replicas.js';
import { RespClient } from '../support/resp-client.js';

const unavailable = whyUnavailable();
if (unavailable !== undefined) console.warn(`hosts.test.ts is skipped: ${unavailable}`);

let hosts: Hosts;

/** The service on its two hosts, its gateway on a third, and the client's connection. */
class Service {
  /** The counter's value as of the last reply. */
  #counter = 0;
  #stopped = false;

  private constructor(
    readonly alpha: CliProcess,
    readonly beta: CliProcess,
    readonly gateway: CliProcess,
    readonly client: RespClient,
    readonly arbiterFolder: string,
  ) {}

  static async start(flags: readonly string[] = []): Promise<Service> {
    const replicas = new Replicas();
    const at = (name: 'alpha' | 'beta') => ({ host: hosts.address(name), namespace: hosts.namespace(name) });
    // A directory of its own, so that it can be taken away.
    const folder = path.join(replicas.folder, 'arbiter');
    mkdirSync(folder);
    const { alpha, beta, logAddresses } = await replicas.pair({
      ...{ alpha: at('alpha'), beta: at('beta') },
      flags: ['--arbiter', `file:${folder}/record`, ...flags],
    });
    const gateway = CliProcess.start(gatewayArgs(logAddresses, '--listen', `${hosts.gatewayForClients}:0`), {
      namespace: hosts.namespace('gateway'),
    });
    await gateway.event('gateway-attached');
    const { address } = await gateway.event('listening', { kind: 'gateway' });
    const client = await RespClient.connect(String(address));
    onTestFinished(() => client.close());
    return new Service(alpha, beta, gateway, client, folder);
  }

  /** Increments the counter `times` times; every reply must be the next number. */
  async count(times: number): Promise<void> {
    for (let i = 0; i < times; i++) expect(await this.client.command('INCR', 'n')).toBe(++this.#counter);
  }

  /** Increments the counter until the returned function is called, which resolves after the last reply. */
  countOn(): () => Promise<void> {
    this.#stopped = false;
    const counting = (async () => {
      while (!this.#stopped) await this.count(1);
    })();
    // A failure is reported to whoever waits for the end.
    counting.catch(() => {});
    return () => {
      this.#stopped = true;
      return counting;
    };
  }

  /** Waits until one of the two knows that it has lost the epoch to the other; returns the one that serves. */
  async survivor(): Promise<CliProcess> {
    const { alpha, beta } = this;
    const survivor = await Promise.race([
      alpha.event('epoch-lost').then(() => beta),
      beta.event('epoch-lost').then(() => alpha),
    ]);
    await Promise.race([survivor.event('solo'), survivor.event('go-live')]);
    return survivor;
  }

  /** No epoch was won by both. */
  expectOneWinnerPerEpoch(): void {
    const won = [this.alpha, this.beta].map((replica) =>
      replica.events.filter(({ event }) => event === 'epoch-won').map(({ epoch }) => epoch),
    );
    expect(won[0]!.filter((epoch) => won[1]!.includes(epoch))).toEqual([]);
  }
}

describe.skipIf(unavailable !== undefined)('on hosts of their own', () => {
  beforeAll(() => {
    hosts = new Hosts();
  });
  afterAll(() => hosts?.close());
  beforeEach(() => hosts.heal());

  it('the primary’s host dies: nobody is told, the backup goes live', async () => {
    const service = await Service.start();
    await service.count(50);
    const stop = service.countOn();
    hosts.unplug('alpha');
    service.alpha.kill('SIGKILL');
    await service.beta.event('go-live');
    await stop();
    await service.count(50);
    service.expectOneWinnerPerEpoch();
  });

  it('the backup’s host dies: the primary goes on alone', async () => {
    const service = await Service.start();
    const stop = service.countOn();
    hosts.unplug('beta');
    service.beta.kill('SIGKILL');
    await service.alpha.event('solo');
    await stop();
    await service.count(50);
    service.expectOneWinnerPerEpoch();
  });

  it('the primary is cut off from everybody: exactly one of them lives on', async () => {
    const service = await Service.start();
    const stop = service.countOn();
    hosts.unplug('alpha');
    await service.survivor();
    hosts.plugIn('alpha');
    await stop();
    await service.count(50);
    service.expectOneWinnerPerEpoch();
  });

  it.each([
    ['alpha', 'beta'],
    ['beta', 'alpha'],
  ] as const)('what %s sends to %s is lost: exactly one of them lives on', async (from, to) => {
    const service = await Service.start();
    const stop = service.countOn();
    hosts.drop(from, to);
    await service.survivor();
    await stop();
    await service.count(50);
    service.expectOneWinnerPerEpoch();
  });

  it('the replicas cannot reach each other: the gateway finds the one that lives on', async () => {
    const service = await Service.start();
    const stop = service.countOn();
    hosts.part('alpha', 'beta');
    await service.survivor();
    await stop();
    await service.count(50);
    service.expectOneWinnerPerEpoch();
  });

  it('a primary that was stopped for longer than the failure timeout wakes up: it releases nothing and leaves', async () => {
    const service = await Service.start();
    const stop = service.countOn();
    service.alpha.kill('SIGSTOP');
    await service.beta.event('go-live');
    await service.gateway.event('gateway-attached', { epoch: (await service.beta.event('epoch-won'))['epoch'] });
    service.alpha.kill('SIGCONT');
    expect((await service.alpha.exit()).code).toBe(EXIT_CODES.lostEpoch);
    await stop();
    await service.count(50);
    service.expectOneWinnerPerEpoch();
  });

  it('the arbiter is away: the pair works on, a failover waits for it', async () => {
    const service = await Service.start();
    renameSync(service.arbiterFolder, `${service.arbiterFolder}.away`);
    await service.count(50);
    const stop = service.countOn();
    service.alpha.kill('SIGKILL');
    await service.beta.event('arbiter-unreachable');
    expect(service.beta.has('go-live')).toBe(false);
    renameSync(`${service.arbiterFolder}.away`, service.arbiterFolder);
    await service.beta.event('go-live');
    await stop();
    await service.count(50);
  });

  it('the arbiter is away and the replicas cannot reach each other: nothing is released until it is back', async () => {
    const service = await Service.start();
    await service.count(50);
    renameSync(service.arbiterFolder, `${service.arbiterFolder}.away`);
    hosts.part('alpha', 'beta');
    const stop = service.countOn();
    await Promise.all([service.alpha, service.beta].map((replica) => replica.event('arbiter-unreachable')));
    renameSync(`${service.arbiterFolder}.away`, service.arbiterFolder);
    await service.survivor();
    await stop();
    await service.count(50);
    service.expectOneWinnerPerEpoch();
  });

  it('a backup that stops reading fills the log channel: the primary waits, then goes on alone', async () => {
    const service = await Service.start(['--failure-timeout', '3s']);
    await service.count(10);
    service.beta.kill('SIGSTOP');
    const value = 'x'.repeat(1 << 20);
    const sets = Array.from({ length: 128 }, (_, index) => service.client.command('SET', `big:${index}`, value));
    await service.alpha.event('solo');
    expect(await Promise.all(sets)).toEqual(sets.map(() => 'OK'));
    await service.count(10);
    service.beta.kill('SIGCONT');
    await service.beta.event('rejoining');
    service.expectOneWinnerPerEpoch();
  });

  it('the gateway loses its way to the primary for a while: its clients wait, nobody fails over', async () => {
    const service = await Service.start();
    await service.count(50);
    hosts.part('alpha', 'gateway');
    const stop = service.countOn();
    await hosts.untilDropped('gateway', 'alpha');
    hosts.heal();
    await stop();
    await service.count(50);
    expect(service.beta.has('go-live')).toBe(false);
    service.expectOneWinnerPerEpoch();
  });

  it('the gateway’s connection is half-open when the primary’s host dies and the cable of the gateway with it', async () => {
    const service = await Service.start();
    const stop = service.countOn();
    hosts.unplug('gateway');
    service.alpha.kill('SIGKILL');
    await service.beta.event('go-live');
    hosts.plugIn('gateway');
    await service.gateway.event('gateway-attached', { epoch: (await service.beta.event('epoch-won'))['epoch'] });
    await stop();
    await service.count(50);
    service.expectOneWinnerPerEpoch();
  });
});
