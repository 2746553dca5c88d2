/**
 * A service without end: round after round a replica is killed and started again with the same command, under load, and
 * nothing that was acknowledged is lost or done twice. FTW_ENDLESS_ROUNDS=100 runs longer, FTW_ENDLESS_SEED=N differently.
 */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { expect, it } from 'vitest';
import { Random } from '../sim/random.js';
import { CliProcess } from '../support/cli-process.js';
import { temporaryFolder } from '../support/modules.js';
import { connectThrough, KV, startGateway } from '../support/replicas.js';
import type { RespClient } from '../support/resp-client.js';

const ROUNDS = Number(process.env['FTW_ENDLESS_ROUNDS'] ?? 8);
const SEED = Number(process.env['FTW_ENDLESS_SEED'] ?? 1);
const CLIENTS = 4;
/** Resident memory of a process that has settled may differ by so much between two looks. */
const SLACK_BYTES = 96 << 20;

it(
  `${ROUNDS} rounds of kill and restart, seed ${SEED}`,
  async () => {
    const random = new Random(SEED);
    const arbiter = `file:${temporaryFolder()}/record`;
    const ports = [await freePort(), await freePort()];
    const start = (slot: number): CliProcess =>
      CliProcess.start([
        ...['serve', '--role', 'primary', '--id', `replica-${slot}`, '--log-listen', `127.0.0.1:${ports[slot]}`],
        ...['--arbiter', arbiter, '--tcplisten', '127.0.0.1:0', '--failure-timeout', '1s', KV],
      ]);
    const replicas = [start(0)];
    await replicas[0]!.event('guest-started');
    replicas.push(start(1));
    let live = 0;
    await replicas[live]!.event('backup-joined', { id: 'replica-1' });
    const gateway = await startGateway(ports.map((port) => `127.0.0.1:${port}`));
    const load = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => startLoad(gateway, `n${index}`)));
    const memory: Record<'gateway' | 'newcomer' | 'survivor', number>[] = [];

    for (let round = 1; round <= ROUNDS; round++) {
      const victim = random.whole(0, 1);
      const survivor = replicas[1 - victim]!;
      const since = survivor.events.length;
      replicas[victim]!.kill('SIGKILL');
      await replicas[victim]!.exit();
      if (victim === live) await survivor.event('go-live', {}, since);
      live = 1 - victim;
      replicas[victim] = start(victim);
      await survivor.event('backup-joined', { id: `replica-${victim}` }, since);
      // Each client has seen the service since it is redundant again.
      for (const { progress } of load) await progress();
      memory.push({
        gateway: residentBytes(gateway.pid),
        // Always one round old: it has what was handed down, and nothing else.
        newcomer: residentBytes(replicas[victim]!.pid),
        survivor: residentBytes(survivor.pid),
      });
    }

    for (const { stop } of load) await stop();
    const early = memory[Math.min(2, memory.length - 1)]!;
    const late = memory.at(-1)!;
    for (const process of ['gateway', 'newcomer', 'survivor'] as const) {
      expect(late[process], process).toBeLessThan(early[process] + SLACK_BYTES);
    }
  },
  60_000 + ROUNDS * 20_000,
);

/** Counts one key up without pause; every answer must be the next number. */
async function startLoad(gateway: CliProcess, key: string) {
  const client: RespClient = await connectThrough(gateway);
  let going = true;
  let count = 0;
  let failure: unknown;
  const waiting: (() => void)[] = [];
  const done = (async () => {
    while (going) {
      const answer = await client.command('INCR', key);
      if (answer !== count + 1) throw new Error(`INCR ${key} gave ${String(answer)} after ${count}`);
      count++;
      for (const resolve of waiting.splice(0)) resolve();
    }
    expect(await client.command('GET', key)).toBe(String(count));
    client.close();
  })().catch((error: unknown) => {
    failure = error;
    for (const resolve of waiting.splice(0)) resolve();
  });
  const check = (): void => {
    if (failure !== undefined) throw failure;
  };
  return {
    /** Waits for the next answer. */
    progress: async () => {
      check();
      await new Promise<void>((resolve) => waiting.push(resolve));
      check();
    },
    stop: async () => {
      going = false;
      await done;
      check();
    },
  };
}

function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
