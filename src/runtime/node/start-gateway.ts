/** A gateway process (or the one inside a pair): clients on one side, whichever replica is live on the other. */
import { performance } from 'node:perf_hooks';
import { Gateway } from '../../gateway/gateway.js';
import { GATEWAY_WAIT_MS } from '../../gateway/records.js';
import { parseAddress } from '../../transport/address.js';
import type { Channel } from '../../transport/channel.js';
import { dialTcp } from '../../transport/node/tcp.js';
import { GatewayKeeper } from '../gateway-keeper.js';
import { LATE_MS, LateEvents } from '../late-events.js';
import { type ServiceEvent, usage } from '../options.js';
import { GATEWAY_PLAYS, rehearse } from '../rehearsal/rehearsal.js';
import { GatewayClients } from './gateway-clients.js';
import { nodeTimers } from './timers.js';

export interface GatewayOptions {
  /** Addresses for clients, one per listener of the guest, in their order. */
  readonly listen: readonly string[];
  /** Log addresses of all replicas. */
  readonly replicas: readonly string[];
  /** Name of the service; default: whichever the replicas serve. */
  readonly service?: string;
  /** How long clients wait while no replica is live before they are closed; replicas are told. Default 30000. */
  readonly waitMs?: number;
  readonly onEvent?: (event: ServiceEvent) => void;
}

export interface GatewayService {
  /** Addresses for clients, with the ports that were chosen where 0 was asked for. */
  readonly addresses: readonly string[];
  readonly connections: number;
  /** Log address of the live replica; undefined while there is none. */
  readonly attachedTo: string | undefined;
  /** Closes every client's connection and stops. */
  close(): Promise<void>;
}

/** How often small deliveries are reported and waiting times are looked at. */
const TICK_MS = 100;
/** A search for a live replica that takes so long is worth telling, and again at this interval if the reasons change. */
const SEARCH_MS = 1000;

/** A replica in this very process. */
export interface LocalReplica {
  /** Its log address, as it is in `replicas`. */
  readonly address: string;
  /** A connection to it that needs no socket. */
  connect(): Channel;
}

/** Starts a gateway. Rejects with FTW_USAGE or FTW_IO; replicas may come later. */
export async function startGateway(options: GatewayOptions, local?: LocalReplica): Promise<GatewayService> {
  if (options.listen.length === 0) throw usage('a gateway needs at least one address to listen on');
  if (options.replicas.length === 0) throw usage('a gateway needs the log address of at least one replica');
  for (const address of options.replicas) parseAddress(address, 'replicas');
  const tell = (event: ServiceEvent): void => options.onEvent?.(event);
  const events = new LateEvents(tell, (run) => nodeTimers.after(LATE_MS, run));
  const emit = (event: ServiceEvent): void => events.add(event);

  const waitMs = options.waitMs ?? GATEWAY_WAIT_MS;
  const gateway = new Gateway({ service: options.service ?? '', listeners: options.listen.length, waitMs });
  const clients = new GatewayClients(gateway);
  try {
    for (const address of options.listen) await clients.listen(parseAddress(address, 'listen'));
  } catch (error) {
    clients.close();
    throw error;
  }
  let lostAt = performance.now();
  const keeper = new GatewayKeeper({
    gateway,
    replicas: options.replicas,
    dial: async (address) =>
      address === local?.address ? local.connect() : dialTcp(parseAddress(address), { timeoutMs: 1000 }),
    timers: nodeTimers,
    onAttached: (address, epoch) => {
      const pauseMs = Math.round((performance.now() - lostAt) * 10) / 10;
      emit({ name: 'gateway-attached', level: 'info', fields: { address, epoch, pauseMs } });
    },
    onDetached: (address, reason) => {
      lostAt = performance.now();
      emit({ name: 'gateway-detached', level: 'warn', fields: { address, reason, connections: gateway.connections } });
    },
  });
  keeper.start();
  const stopRehearsing = rehearse(nodeTimers, GATEWAY_PLAYS);
  let toldAt = 0;
  let told = '';
  const reportSearch = (nowMs: number): void => {
    if (nowMs - Math.max(lostAt, toldAt) < SEARCH_MS) return;
    const { troubles } = keeper;
    // Told once per search, and again when the reasons are others.
    if (toldAt > lostAt && JSON.stringify(troubles) === told) return;
    toldAt = nowMs;
    told = JSON.stringify(troubles);
    emit({
      name: 'gateway-searching',
      level: 'warn',
      fields: { replicas: troubles, connections: gateway.connections },
    });
  };
  const stopTicking = nodeTimers.every(TICK_MS, () => {
    gateway.tick();
    if (gateway.attached) return;
    const nowMs = performance.now();
    reportSearch(nowMs);
    if (nowMs - lostAt < waitMs) return;
    const connections = gateway.closeOlder(nowMs - waitMs);
    if (connections > 0) emit({ name: 'gateway-gave-up', level: 'error', fields: { waitedMs: waitMs, connections } });
  });
  for (const address of clients.addresses) {
    emit({ name: 'listening', level: 'info', fields: { kind: 'gateway', address } });
  }
  events.flush();
  return {
    addresses: clients.addresses,
    get connections() {
      return gateway.connections;
    },
    get attachedTo() {
      return keeper.attachedTo;
    },
    close: async () => {
      stopRehearsing();
      stopTicking();
      gateway.close();
      keeper.close();
      clients.close();
      events.flush();
    },
  };
}
