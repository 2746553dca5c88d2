/** One replica of a replicated service: wires guest, clients, peers, arbiter and protocol together. */
import { randomBytes } from 'node:crypto';
import { openArbiter } from '../../arbiter/node/open.js';
import { REPLICA_DEFAULTS, type ReplicaConfig } from '../../replica/types.js';
import { parseAddress } from '../../transport/address.js';
import { deferred } from '../deferred.js';
import { ReplicaDriver } from '../driver.js';
import type { GuestReport } from '../guest/protocol.js';
import { describeReport, reportExitCode } from '../guest-report.js';
import {
  checkReplicaOptions,
  type ReplicaOptions,
  type Service,
  type ServiceEvent,
  type ServiceExit,
} from '../options.js';
import { GuestHost } from './guest-host.js';
import { NodePeerNetwork } from './peer-network.js';
import { startGateway } from './start-gateway.js';
import { nodeTimers } from './timers.js';

/**
 * Starts a primary or a backup. Rejects if the module, an address or the arbiter cannot be used; later trouble shows in
 * events and in `done`.
 */
export async function startReplica(options: ReplicaOptions): Promise<Service> {
  const timing = checkReplicaOptions(options);
  const logAddress = parseAddress(options.logListen, 'logListen');
  const arbiter = openArbiter(options.arbiter);
  await arbiter.read();

  let driver: ReplicaDriver | undefined;
  const emit = (event: ServiceEvent): void => options.onEvent?.(event);
  const closing: (() => void | Promise<void>)[] = [];
  try {
    const host = await GuestHost.open(
      options,
      { mode: options.role === 'primary' ? 'live' : 'replay', logging: true, replicated: true },
      {
        onBatch: (first, last, counter, batch) => driver?.guestBatch(first, last, counter, batch),
        onLive: (streams) => driver?.guestLive(streams),
        onReport: (report) => report !== undefined && driver !== undefined && passOn(driver, report),
      },
    );
    closing.push(() => host.close());
    if (options.role === 'primary') await host.listeners.bind();
    const network = await NodePeerNetwork.open(logAddress, {
      onChannel: (channel) => (driver === undefined ? channel.destroy() : driver.accept(channel)),
      onHeartbeat: (payload) => driver?.heartbeat(payload),
    });
    closing.push(() => network.close());

    const config: ReplicaConfig = {
      ...REPLICA_DEFAULTS,
      ...timing,
      id: options.id ?? `${options.role}-${process.pid}`,
      incarnation: randomBytes(8).toString('hex'),
      role: options.role,
      service: options.service ?? host.name,
      manifest: host.manifest,
      logAddress: network.address,
      ...(options.primary === undefined ? {} : { primaryAddress: options.primary }),
    };
    const done = deferred<ServiceExit>();
    driver = new ReplicaDriver({
      config,
      arbiter,
      network,
      guest: host.guest,
      clients: host.clients,
      gate: host.gate,
      timers: nodeTimers,
      onEvent: (name, level, fields) => emit({ name, level, fields: { replica: config.id, ...fields } }),
      onStop: (reason, exitCode) => {
        const exit = { exitCode, reason, stats: host.stats(driver?.epoch ?? 0) };
        network.close();
        void host.close().then(() => done.resolve(exit));
      },
    });
    emit({ name: 'listening', level: 'info', fields: { replica: config.id, kind: 'log', address: network.address } });
    for (const address of host.listeners.addresses) {
      emit({ name: 'listening', level: 'info', fields: { replica: config.id, kind: 'client', address } });
    }
    driver.start();
    if (options.gatewayListen !== undefined && options.gatewayListen.length > 0) {
      const others = [...(options.replicas ?? []), ...(options.primary === undefined ? [] : [options.primary])];
      const gateway = await startGateway({
        listen: options.gatewayListen,
        replicas: [...new Set([network.address, ...others])],
        onEvent: (event) => emit({ ...event, fields: { replica: config.id, ...event.fields } }),
      });
      void done.promise.then(() => gateway.close());
    }
    if (options.role === 'primary') void host.feedStdin(options.stdin);
    const running = driver;
    return {
      done: done.promise,
      close: () => {
        running.shutdown();
        return done.promise;
      },
      stats: () => host.stats(running.epoch),
    };
  } catch (error) {
    for (const close of closing.reverse()) await close();
    throw error;
  }
}

function passOn(driver: ReplicaDriver, report: GuestReport): void {
  switch (report.kind) {
    case 'outcome':
      driver.guestExit({ exitCode: reportExitCode(report), description: describeReport(report) });
      break;
    case 'diverged':
      driver.guestDiverged(report.message);
      break;
    case 'fault':
      driver.hostFault(report.message);
      break;
  }
}
