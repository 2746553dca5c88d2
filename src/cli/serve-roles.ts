/** Which flags of `serve` go with which role. */
import { usage } from './flags.js';
import type { RawServeFlags, ServeRole } from './serve-flags.js';

/** Which flags a role needs and which it cannot take, with the reason shown to the user. */
interface RoleRule {
  readonly needs: readonly (keyof typeof FLAG_NAMES)[];
  readonly refuses: Partial<Record<keyof typeof FLAG_NAMES, string>>;
}

const FLAG_NAMES = {
  role: '--role',
  service: '--service',
  id: '--id',
  logListen: '--log-listen',
  primary: '--primary',
  arbiter: '--arbiter',
  minBackups: '--min-backups',
  backups: '--backups',
  acks: '--acks',
  joinTimeout: '--join-timeout',
  durable: '--durable',
  recover: '--recover',
  outputAfter: '--output-after',
} as const;

const PAIR_CHOOSES = 'a pair chooses it for both of its replicas; use --role primary and --role backup to set it';
const PAIR_ON_DISK =
  'the replicas of a pair die with this machine or not at all; use --role primary for a durable service';
const ALONE_ON_DISK = 'a guest without replication keeps no log; --role primary runs alone as well';
const JOINS = 'this role joins a service that runs; use it with --role primary';
const NO_REPLICATION = '--solo runs the guest without any replication';

const ROLE_RULES: Readonly<Record<ServeRole, RoleRule>> = {
  pair: {
    needs: [],
    refuses: {
      id: PAIR_CHOOSES,
      logListen: PAIR_CHOOSES,
      primary: PAIR_CHOOSES,
      minBackups: 'the primary of a pair waits for the one backup it has',
      acks: 'a pair has one backup, and waits for it',
      backups: 'a pair has one backup; use --role primary, backup and standby for more',
      joinTimeout: PAIR_CHOOSES,
      durable: PAIR_ON_DISK,
      recover: PAIR_ON_DISK,
      outputAfter: PAIR_ON_DISK,
    },
  },
  primary: {
    needs: ['logListen', 'arbiter'],
    refuses: {
      primary: 'it names the primary that a backup follows; use it with --role backup',
    },
  },
  backup: {
    needs: ['logListen', 'arbiter'],
    refuses: { minBackups: 'only a primary waits for backups; use it with --role primary', recover: JOINS },
  },
  standby: {
    needs: ['logListen', 'arbiter'],
    refuses: {
      minBackups: 'only a primary waits for backups; use it with --role primary',
      joinTimeout: 'a standby waits without limit',
      recover: JOINS,
    },
  },
  solo: {
    needs: [],
    refuses: {
      role: NO_REPLICATION,
      service: NO_REPLICATION,
      logListen: NO_REPLICATION,
      primary: NO_REPLICATION,
      arbiter: NO_REPLICATION,
      minBackups: NO_REPLICATION,
      backups: NO_REPLICATION,
      acks: NO_REPLICATION,
      joinTimeout: NO_REPLICATION,
      durable: ALONE_ON_DISK,
      recover: ALONE_ON_DISK,
      outputAfter: ALONE_ON_DISK,
    },
  },
};

/**
 * Refuses flags that mean nothing in `role` and asks for those that it cannot do without.
 * @throws FtWasmError FTW_USAGE with the reason.
 */
export function checkRoleFlags(role: ServeRole, flags: RawServeFlags): void {
  const rule = ROLE_RULES[role];
  const name = role === 'solo' ? '--solo' : `--role ${role}`;
  for (const [key, reason] of Object.entries(rule.refuses)) {
    if (flags[key as keyof typeof FLAG_NAMES] === undefined) continue;
    throw usage(`${FLAG_NAMES[key as keyof typeof FLAG_NAMES]} cannot be used with ${name}: ${reason}`);
  }
  checkGateway(role, name, flags);
  checkDisk(flags);
  const missing = rule.needs.filter((key) => flags[key] === undefined).map((key) => FLAG_NAMES[key]);
  if (missing.length > 0) throw usage(`${name} needs ${missing.join(' and ')}`);
}

function checkGateway(role: ServeRole, name: string, { gateway, replicas }: RawServeFlags): void {
  if (gateway === false && role !== 'pair') {
    throw usage(`--no-gateway cannot be used with ${name}: only a pair has one without being asked`);
  }
  if (gateway && (role === 'pair' || role === 'solo')) {
    const reason = role === 'pair' ? 'a pair has one already, at its --tcplisten addresses' : NO_REPLICATION;
    throw usage(`--gateway cannot be used with ${name}: ${reason}`);
  }
  if (replicas !== undefined && !gateway) throw usage('--replicas is for the gateway in this process; add --gateway');
}

function checkDisk({ durable, recover, outputAfter, snapshotLog, snapshotEvery }: RawServeFlags): void {
  if (recover !== undefined && durable !== undefined && recover !== durable) {
    throw usage('--recover goes on in its directory; --durable must name the same one, or be left out');
  }
  if (durable !== undefined || recover !== undefined) return;
  const options = { '--output-after': outputAfter, '--snapshot-log': snapshotLog, '--snapshot-every': snapshotEvery };
  const name = Object.entries(options).find(([, value]) => value !== undefined)?.[0];
  if (name !== undefined) throw usage(`${name} is about a directory on disk; add --durable DIR`);
}
