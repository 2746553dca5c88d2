/** What an operator asks of running replicas. */
import net from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { runCli } from '../support/cli-process.js';
import { connectThrough, Replicas, startGateway } from '../support/replicas.js';

it('status: every replica says what it is', async () => {
  const { logAddresses } = await new Replicas().pair();
  const { code, stdout } = await runCli(['status', '--json', ...logAddresses]);
  expect(code).toBe(0);
  const [alpha, beta] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(alpha).toMatchObject({ id: 'alpha', role: 'primary', service: 'kv.wasm', members: ['alpha', 'beta'] });
  expect(beta).toMatchObject({ id: 'beta', role: 'backup', logAddress: logAddresses[1] });
  const { stdout: text } = await runCli(['status', logAddresses[0]!]);
  expect(text).toMatch(/^alpha \(127\.0\.0\.1:\d+\): primary of kv\.wasm, epoch 2 of alpha and beta, event \d+, /);
});

it('status: a backup names the record that it belongs to, a standby the epoch that it follows', async () => {
  const replicas = new Replicas();
  const { logAddresses } = await replicas.pair();
  const gamma = await replicas.standby('gamma');
  await gamma.process.event('standby');
  // The primary announces the record in a message of its own.
  await expect
    .poll(async () => (await runCli(['status', logAddresses[1]!])).stdout)
    .toMatch(/^beta \(.*\): backup of kv\.wasm, epoch 2 of alpha and beta, event \d+, /);
  const { stdout } = await runCli(['status', gamma.logAddress]);
  expect(stdout).toMatch(/^gamma \(.*\): standby of kv\.wasm, epoch 2, event 0, /);
});

it('switch: the backup goes live, and clients of a gateway do not notice', async () => {
  const { alpha, beta, logAddresses } = await new Replicas().pair();
  const client = await connectThrough(await startGateway(logAddresses));
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  const { code, stdout } = await runCli(['switch', logAddresses[0]!]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^handed over to beta\b.*\n$/) });
  await beta.event('go-live');
  expect((await alpha.exit()).code).toBe(EXIT_CODES.ok);
  expect(await client.command('INCR', 'a')).toBe(2);
  client.close();
});

it('switch is refused where there is nobody to hand over to', async () => {
  const replicas = new Replicas();
  const { process, logAddress } = await replicas.primary({ flags: ['--min-backups', '0'] });
  await process.event('guest-started');
  const { code, errors } = await runCli(['switch', logAddress]);
  expect(code).toBe(EXIT_CODES.handshakeRefused);
  expect(errors).toEqual([expect.stringMatching(/^ft-wasm: \S+ does not hand over: .* \[FTW_HANDSHAKE\]$/)]);
});

it('switch is refused by a backup, which names its primary', async () => {
  const { logAddresses } = await new Replicas().pair();
  const { code, errors } = await runCli(['switch', logAddresses[1]!]);
  expect(code).toBe(EXIT_CODES.handshakeRefused);
  expect(errors).toEqual([
    `ft-wasm: ${logAddresses[1]} does not hand over: it is a backup; ask the primary, at ${logAddresses[0]} when it joined [FTW_HANDSHAKE]`,
  ]);
});

it('status: a replica that is gone hides none of the others', async () => {
  const { alpha, beta, logAddresses } = await new Replicas().pair();
  alpha.kill('SIGKILL');
  await beta.event('go-live');
  const { code, stdout, errors } = await runCli(['status', ...logAddresses]);
  expect(stdout).toMatch(/^beta \(127\.0\.0\.1:\d+\): primary of kv\.wasm, epoch 3 of beta, event \d+, .*\n$/);
  expect(errors).toEqual([
    expect.stringMatching(/^ft-wasm: cannot connect to .*: connection refused, .* \[FTW_CHANNEL\]$/),
  ]);
  expect(code).toBe(EXIT_CODES.primaryUnreachable);
});

it('a port of something else is named as what it is, and one that is silent is not waited for', async () => {
  const address = await listenWith((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const silent = await listenWith(() => {});
  const [other, mute] = await Promise.all([runCli(['status', address]), runCli(['switch', silent])]);
  expect(other.errors).toEqual([
    expect.stringMatching(
      /the peer does not speak the ft-wasm protocol: this looks like an HTTP response .* \[FTW_CHANNEL\]$/,
    ),
  ]);
  expect(mute.errors).toEqual([`ft-wasm: ${silent} did not answer within 5 s [FTW_CHANNEL]`]);
  expect(mute.code).toBe(EXIT_CODES.primaryUnreachable);
});

it.each([
  [['status'], /missing required argument 'host:port'/],
  [['switch'], /missing required argument 'host:port'/],
  [['switch', 'nonsense'], /host:port 'nonsense' is not an address: the :PORT is missing/],
  [['switch', '127.0.0.1:1', '127.0.0.1:2'], /too many arguments/],
])('ft-wasm %s', async (args, message) => {
  const { code, errors } = await runCli(args);
  expect(errors).toEqual([expect.stringMatching(message)]);
  expect(code).toBe(EXIT_CODES.usage);
});

it('nobody there', async () => {
  const { code, errors } = await runCli(['status', '127.0.0.1:1']);
  expect(code).toBe(EXIT_CODES.primaryUnreachable);
  expect(errors).toEqual([
    'ft-wasm: cannot connect to 127.0.0.1:1: connection refused, nothing listens there [FTW_CHANNEL]',
  ]);
});

/** An address where somebody who is no replica listens. */
async function listenWith(serve: (socket: net.Socket) => void): Promise<string> {
  const server = net.createServer((socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    serve(socket);
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}
