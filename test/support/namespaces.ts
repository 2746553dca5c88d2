/**
 * Hosts on a network of their own: network namespaces joined by a bridge, which tests take apart with link state and
 * packet filters. Needs Linux, root, iproute2 and iptables; without them `unavailable` says why.
 *
 * ```
 *   client (the test itself) ── gateway ──┐
 *                                alpha ───┤ bridge, in a namespace of its own
 *                                beta  ───┘
 * ```
 */
import { execFileSync } from 'node:child_process';

export const HOSTS = ['alpha', 'beta', 'gateway'] as const;
export type HostName = (typeof HOSTS)[number];

/** Among the hosts; nobody else is on their bridge. */
const NETWORK = '10.213.87';
/** Between the test and the gateway's host: also of this machine, so two runs must not have the same. */
const UPLINK = `10.${128 + ((process.pid >> 8) % 64)}.${process.pid % 256}`;

/** Runs a command; throws with what it said. */
function run(command: string): string {
  const [program, ...args] = command.split(' ');
  return execFileSync(program!, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Why there are no namespaces here; undefined if there are. */
export function whyUnavailable(): string | undefined {
  if (process.platform !== 'linux') return `network namespaces are Linux', this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'making network namespaces takes root';
  const probe = `ftw-probe-${process.pid}`;
  try {
    run(`ip netns add ${probe}`);
    run(`ip netns exec ${probe} iptables -S`);
    run(`ip link add ${probe.slice(-14)} netns ${probe} type veth peer name peer netns ${probe}`);
    return undefined;
  } catch (error) {
    return `network namespaces cannot be used: ${(error as Error).message.trim().split('\n').at(-1)}`;
  } finally {
    try {
      run(`ip netns delete ${probe}`);
    } catch {
      // It was never made.
    }
  }
}

export class Hosts {
  readonly #prefix = `ftw${process.pid.toString(36)}`;

  constructor() {
    try {
      this.#build();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Name of the host's namespace. */
  namespace(host: HostName): string {
    return `${this.#prefix}-${host}`;
  }

  /** The host's address among its peers. */
  address(host: HostName): string {
    return `${NETWORK}.${HOSTS.indexOf(host) + 1}`;
  }

  /** Where the test, as a client, reaches the gateway. */
  get gatewayForClients(): string {
    return `${UPLINK}.2`;
  }

  /** Pulls a host's cable: nobody is told. */
  unplug(host: HostName): void {
    run(`ip -n ${this.#bridge} link set ${host} down`);
  }

  plugIn(host: HostName): void {
    run(`ip -n ${this.#bridge} link set ${host} up`);
  }

  /** Drops what `from` sends to `to`; the other direction goes on. */
  drop(from: HostName, to: HostName): void {
    run(`ip netns exec ${this.namespace(to)} iptables -A INPUT -s ${this.address(from)} -j DROP`);
  }

  /** Resolves once something that `from` sent to `to` has been dropped. */
  async untilDropped(from: HostName, to: HostName): Promise<void> {
    const rules = `ip netns exec ${this.namespace(to)} iptables -L INPUT -n -v -x`;
    const rule = new RegExp(`^\\s*[1-9]\\d* .*DROP.* ${this.address(from).replaceAll('.', '\\.')} `, 'm');
    while (!rule.test(run(rules))) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Drops what two hosts send to each other. */
  part(one: HostName, other: HostName): void {
    this.drop(one, other);
    this.drop(other, one);
  }

  /** Everything as new. */
  heal(): void {
    for (const host of HOSTS) {
      this.plugIn(host);
      run(`ip netns exec ${this.namespace(host)} iptables -F INPUT`);
    }
  }

  close(): void {
    for (const name of [...HOSTS.map((host) => this.namespace(host)), this.#bridge]) {
      try {
        run(`ip netns delete ${name}`);
      } catch {
        // It is not there.
      }
    }
  }

  get #bridge(): string {
    return `${this.#prefix}-bridge`;
  }

  #build(): void {
    run(`ip netns add ${this.#bridge}`);
    run(`ip -n ${this.#bridge} link add name bridge0 type bridge`);
    run(`ip -n ${this.#bridge} link set bridge0 up`);
    for (const host of HOSTS) this.#addHost(host);
    this.#addUplink();
  }

  #addHost(host: HostName): void {
    const name = this.namespace(host);
    run(`ip netns add ${name}`);
    run(`ip link add eth0 netns ${name} type veth peer name ${host} netns ${this.#bridge}`);
    run(`ip -n ${this.#bridge} link set ${host} master bridge0 up`);
    run(`ip -n ${name} address add ${this.address(host)}/24 dev eth0`);
    run(`ip -n ${name} link set eth0 up`);
    run(`ip -n ${name} link set lo up`);
  }

  /** The test's own cable to the gateway's host. */
  #addUplink(): void {
    const name = this.namespace('gateway');
    const own = `${this.#prefix}u`;
    run(`ip link add ${own} type veth peer name up0 netns ${name}`);
    run(`ip address add ${UPLINK}.1/30 dev ${own}`);
    run(`ip link set ${own} up`);
    run(`ip -n ${name} address add ${UPLINK}.2/30 dev up0`);
    run(`ip -n ${name} link set up0 up`);
  }
}
