/** What an operator asks of running replicas. */
import { expect, it } from 'vitest';
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

it('switch: the backup goes live, and clients of a gateway do not notice', async () => {
  const { alpha, beta, logAddresses } = await new Replicas().pair();
  const client = await connectThrough(await startGateway(logAddresses));
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  const { code, stdout } = await runCli(['switch', logAddresses[0]!]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^handed over: /) });
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

it('nobody there', async () => {
  const { code, errors } = await runCli(['status', '127.0.0.1:1']);
  expect(code).toBe(EXIT_CODES.primaryUnreachable);
  expect(errors).toEqual([
    'ft-wasm: cannot connect to 127.0.0.1:1: connection refused, nothing listens there [FTW_CHANNEL]',
  ]);
});
