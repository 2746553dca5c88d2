/** What a replica reports about itself. Names and levels are stable: users' scripts match on them. */

export type EventLevel = 'info' | 'warn' | 'error';

/** Every event with its level and meaning. Fields are named beside each. */
export const EVENTS = {
  ready: {
    level: 'info',
    meaning: 'this replica is up: a primary has its epoch, a backup has been taken in (role, epoch)',
  },
  listening: { level: 'info', meaning: 'a socket is open (kind, address)' },
  'waiting-for-backups': {
    level: 'info',
    meaning: 'the guest is held until enough backups have joined (joined, needed)',
  },
  'guest-started': { level: 'info', meaning: 'the guest runs (mode)' },
  standby: {
    level: 'info',
    meaning: 'this replica stands by: its primary has as many backups as it wants (epoch, primary)',
  },
  'already-running': {
    level: 'info',
    meaning: 'started as primary, but the service runs; this replica joins it (reason)',
  },
  'transfer-started': { level: 'info', meaning: 'the guest state is on its way to a new backup (id)' },
  'transfer-captured': {
    level: 'info',
    meaning:
      'the state that is being sent is that of this position (id, lastEvent, counter, pauseMs, changeMs, changedPages, pages)',
  },
  'transfer-done': { level: 'info', meaning: 'a new backup has the whole state and catches up (id, bytes, ms)' },
  'transfer-failed': { level: 'warn', meaning: 'the state did not get to a new backup (id, reason)' },
  rejoining: { level: 'warn', meaning: 'this process takes part again with a fresh guest (reason)' },
  'backup-joined': { level: 'info', meaning: 'a backup is part of the arbiter record from now on (id, epoch)' },
  'backup-resumed': {
    level: 'info',
    meaning: 'a backup of the lost primary goes on here from where its log ended, without a transfer (id, lastEvent)',
  },
  'backup-refused': { level: 'warn', meaning: 'a replica asked to join and was turned away (id, code, reason)' },
  'backup-lost': { level: 'warn', meaning: 'a backup is gone (id, reason)' },
  'primary-lost': { level: 'warn', meaning: 'the primary is gone; this backup claims the epoch (id, reason)' },
  'primary-unreachable': { level: 'warn', meaning: 'the primary cannot be reached yet; trying on (address, reason)' },
  'peer-silent': { level: 'warn', meaning: 'nothing was heard from a peer for the failure timeout (id, silentMs)' },
  'claim-waiting': {
    level: 'warn',
    meaning: 'output waited for fewer than all backups: the claim needs the positions of others first (needed, known)',
  },
  'claim-deferred': { level: 'info', meaning: 'another backup has more of the log and is left to go live (to)' },
  'epoch-won': { level: 'info', meaning: 'this replica wrote a new record (epoch, members)' },
  'epoch-lost': {
    level: 'error',
    meaning: 'another replica holds a newer epoch; this one stops (epoch, current, live)',
  },
  'arbiter-unreachable': {
    level: 'warn',
    meaning: 'the arbiter does not answer; outputs stay held while we try on (reason)',
  },
  'arbiter-reachable': { level: 'info', meaning: 'the arbiter answers again' },
  'record-replaced': {
    level: 'warn',
    meaning: 'a record left behind by an earlier run of this replica was replaced (epoch)',
  },
  recovering: {
    level: 'info',
    meaning: 'the service goes on from a durable directory (lastEvent, snapshotEvent, logBytes, complete)',
  },
  'recovery-progress': { level: 'info', meaning: 'how far the log has been replayed (executedEvent, lastEvent)' },
  'go-live': { level: 'info', meaning: 'a backup has consumed the log and runs live (epoch, lastEvent)' },
  solo: { level: 'warn', meaning: 'the primary runs without any backup (epoch)' },
  diverged: { level: 'error', meaning: 'a backup did not do what the log says and stops (id, report)' },
  'handing-over': { level: 'info', meaning: 'shutdown: a backup has been told to go live (id, lastEvent)' },
  'guest-exit': { level: 'info', meaning: 'the guest has ended (exitCode, description)' },
  'listen-failed': { level: 'warn', meaning: 'a client address is still taken; trying on (reason)' },
  'gateway-attached': { level: 'info', meaning: 'a live replica serves the gateway (address, epoch, pauseMs)' },
  'gateway-detached': {
    level: 'warn',
    meaning: 'the gateway lost its replica; clients wait (address, reason, connections)',
  },
  'gateway-searching': {
    level: 'warn',
    meaning: 'no replica serves the gateway yet; trying on (replicas: the reason of each, connections)',
  },
  'gateway-gave-up': {
    level: 'error',
    meaning: 'no replica was live for too long; the waiting clients were closed (waitedMs, connections)',
  },
  'durable-snapshot': {
    level: 'info',
    meaning: 'the durable directory has a new snapshot, what it replaces is removed (snapshotEvent, bytes, ms)',
  },
  'durable-snapshot-failed': {
    level: 'warn',
    meaning: 'no snapshot could be made; the log grows, and another attempt follows (reason)',
  },
  'durable-failed': {
    level: 'error',
    meaning: 'the durable directory cannot be written; nothing is kept until that is possible again (reason)',
  },
  'durable-again': { level: 'info', meaning: 'the durable directory is up to date again (snapshotEvent)' },
  'replica-started': { level: 'info', meaning: 'a pair has started one of its processes (id, pid, role)' },
  'replica-ended': { level: 'info', meaning: 'a process of a pair has ended (id, exitCode, reason)' },
  stopped: { level: 'info', meaning: 'this replica stops (reason, exitCode)' },
} as const satisfies Record<string, { level: EventLevel; meaning: string }>;

export type EventName = keyof typeof EVENTS;
