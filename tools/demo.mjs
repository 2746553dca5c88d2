#!/usr/bin/env node
// The main job, end to end: a pair of replicas serves a key-value store to many real clients; the primary is killed with
// SIGKILL in the middle, a new backup joins by itself; then every write that was acknowledged is checked. Exit code 0 only
// if none was lost or doubled.
import { parseArgs } from 'node:util';
import { DemoClients } from './demo/clients.mjs';
import { Pair } from './demo/pair.mjs';
import { Progress, printTable } from './demo/report.mjs';

const USAGE = 'usage: npm run demo -- [--seconds N] [--connections N] [--no-gateway]';

function parseOptions() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '6' },
      connections: { type: 'string', default: '50' },
      gateway: { type: 'boolean', default: true },
    },
    allowNegative: true,
  });
  const seconds = Number(values.seconds);
  const connections = Number(values.connections);
  if (!(seconds >= 1) || !Number.isInteger(connections) || connections < 1) throw new Error(USAGE);
  return { seconds, connections, gateway: values.gateway };
}

async function main() {
  const options = parseOptions();
  const progress = new Progress(process.stderr);
  progress.show('starting a primary and a backup');
  const pair = await Pair.start({ gateway: options.gateway });
  const clients = new DemoClients(pair.port, options.connections);
  try {
    await clients.connect();
    const running = clients.run();
    const halfMs = (options.seconds * 1000) / 2;
    await progress.during(halfMs, () => `${clients.acknowledged} requests acknowledged`);
    const killed = pair.killPrimary();
    progress.say(`killed the primary (process ${killed.pid}) with SIGKILL, ${clients.acknowledged} requests in`);
    const liveAt = await pair.live();
    progress.say(`the backup went live after ${(liveAt - killed.at).toFixed(0)} ms`);
    const redundant = pair.redundantAgain();
    redundant.catch(() => {});
    await progress.during(halfMs, () => `${clients.acknowledged} requests acknowledged`);
    const redundantAt = await redundant;
    progress.say(`a new backup has joined ${(redundantAt - killed.at).toFixed(0)} ms after the kill, under load`);
    clients.stop();
    await running;
    progress.show('checking every acknowledged write');
    const verdict = await clients.check();
    await clients.close();
    const stats = await pair.stop();
    progress.clear();
    printTable(process.stdout, [
      ['connections', options.connections],
      ['requests sent', clients.sent],
      ['acknowledged', clients.acknowledged],
      ['acknowledged and lost', verdict.lost],
      ['executed twice', options.gateway ? verdict.doubled : `${verdict.doubled} (retries after a reset count here)`],
      ['reconnects', clients.reconnects],
      ['errors', clients.errors],
      ['longest client stall', `${clients.longestStallMs.toFixed(1)} ms`],
      ['kill to go-live', `${(liveAt - killed.at).toFixed(1)} ms`],
      ['kill to redundancy', `${(redundantAt - killed.at).toFixed(1)} ms`],
      ['log bytes per request', (stats.logBytesPerEntry * verdict.entriesPerRequest(stats.entries)).toFixed(1)],
      ['instructions executed', stats.instructions.toLocaleString('en')],
    ]);
    const broken = verdict.lost > 0 || (options.gateway && (verdict.doubled > 0 || clients.errors > 0));
    process.stdout.write(
      broken ? '\nacknowledged writes were LOST or DOUBLED\n' : '\nno acknowledged write was lost\n',
    );
    return broken ? 1 : 0;
  } finally {
    await clients.close();
    await pair.kill();
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`demo: ${error.message}\n`);
    process.exit(1);
  },
);
