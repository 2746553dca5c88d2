/** The commands of a transcript. Each is one line; what it makes happen is written below it. */
import type { ReplicaConfig } from '../../src/replica/types.js';
import { type ArbiterMode, Cluster } from './cluster.js';
import { describeRecord } from './describe.js';

type Command = (cluster: Cluster, args: readonly string[]) => void;

const COMMANDS: Readonly<Record<string, Command>> = {
  /**
   * start ID primary|backup|standby [OPTION=VALUE ...]; options: backups, minBackups, acks, service, module, primary (none: not
   * given), joinTimeout, backlog
   */
  start(cluster, [id = '', role, ...options]) {
    const values = new Map(options.map((option) => option.split('=') as [string, string]));
    const primary = values.get('primary') ?? 'a';
    cluster.add(id, {
      role: role as ReplicaConfig['role'],
      backups: Number(values.get('backups') ?? 1),
      minBackups: Number(values.get('minBackups') ?? 1),
      ...(values.has('acks') ? { acks: Number(values.get('acks')) } : {}),
      service: values.get('service') ?? 'kv',
      manifest: { args: '[]', module: values.get('module') ?? 'm1' },
      joinTimeoutMs: Number(values.get('joinTimeout') ?? 30_000),
      backlogBytesMax: Number(values.get('backlog') ?? 1_000_000),
      ...(primary === 'none' ? {} : { primaryAddress: primary }),
    });
  },
  /** run: deliver everything */
  run: (cluster) => cluster.run(),
  /** pass MS: let time pass, delivering everything */
  pass: (cluster, [ms]) => cluster.pass(Number(ms)),
  /** log ID FIRST-LAST: the live guest logs a batch */
  log(cluster, [id = '', range = '']) {
    const [firstEvent = 0, lastEvent = 0] = range.split('-').map(Number);
    const batch = new Uint8Array(10);
    cluster.input(id, { type: 'log', firstEvent, lastEvent, counter: lastEvent * 100, batch });
  },
  /** executed ID EVENT: the replaying guest has come so far */
  executed(cluster, [id = '', event]) {
    cluster.input(id, { type: 'executed', position: { event: Number(event), counter: Number(event) * 100 + 1 } });
  },
  /** left ID EVENT: the outputs up to there have left */
  left: (cluster, [id = '', event]) => cluster.input(id, { type: 'outputs-left', event: Number(event) }),
  /** state ID CAPTURE BYTES [last]: a piece of the captured state */
  state(cluster, [id = '', capture, bytes, last]) {
    const piece = new Uint8Array(Number(bytes));
    cluster.input(id, { type: 'state', capture: Number(capture), piece, last: last === 'last' });
  },
  /** captured ID CAPTURE EVENT: that is the position of the state */
  captured(cluster, [id = '', capture, event]) {
    const position = { event: Number(event), counter: Number(event) * 100 + 1 };
    cluster.input(id, { type: 'captured', capture: Number(capture), ...position, outputs: new Uint8Array(5) });
  },
  /** capture-failed ID CAPTURE retry|never */
  'capture-failed'(cluster, [id = '', capture, how]) {
    const reason = 'the guest holds something that cannot be copied';
    cluster.input(id, { type: 'capture-failed', capture: Number(capture), reason, retry: how === 'retry' });
  },
  /** guest-live ID */
  'guest-live': (cluster, [id = '']) => cluster.input(id, { type: 'guest-live' }),
  /** guest-exit ID CODE */
  'guest-exit'(cluster, [id = '', code]) {
    const outcome = { exitCode: Number(code), description: `exited with code ${code}` };
    cluster.input(id, { type: 'guest-exit', outcome });
  },
  /** diverge ID */
  diverge(cluster, [id = '']) {
    cluster.input(id, { type: 'guest-diverged', report: 'event 2: expected clock_time_get, saw fd_write' });
  },
  /** host-fault ID */
  'host-fault': (cluster, [id = '']) => cluster.input(id, { type: 'host-fault', reason: 'memory.grow was refused' }),
  /** sigterm ID */
  sigterm: (cluster, [id = '']) => cluster.input(id, { type: 'shutdown' }),
  kill: (cluster, [id = '']) => cluster.kill(id),
  pause: (cluster, [id = '']) => cluster.pause(id),
  resume: (cluster, [id = '']) => cluster.resume(id),
  /** cut A B: nothing passes between them; cut-way A B: nothing passes from A to B */
  cut(cluster, [a = '', b = '']) {
    cluster.cut(a, b);
    cluster.cut(b, a);
  },
  'cut-way': (cluster, [from = '', to = '']) => cluster.cut(from, to),
  reset: (cluster, [a = '', b = '']) => cluster.reset(a, b),
  heal: (cluster) => cluster.heal(),
  /** arbiter up|away|lose-reply */
  arbiter(cluster, [mode]) {
    cluster.arbiterMode = mode as ArbiterMode;
  },
};

/** Runs a transcript's commands in a fresh cluster; returns it with what happened written below each of them. */
export function play(transcript: string): string {
  const cluster = new Cluster();
  const lines: string[] = [];
  for (const line of transcript.split('\n').filter((line) => !line.startsWith('  '))) {
    lines.push(line);
    if (line === '' || line.startsWith('#')) continue;
    const [name = '', ...args] = line.split(' ');
    if (name === 'record') {
      const record = cluster.arbiter.state?.record;
      lines.push(`  ${record === undefined ? 'none' : describeRecord(record)}`);
      continue;
    }
    const command = COMMANDS[name];
    if (command === undefined) throw new Error(`unknown command ${JSON.stringify(name)}`);
    command(cluster, args);
    lines.push(...cluster.takeLines().map((happened) => `  ${happened}`));
  }
  return lines.join('\n');
}
