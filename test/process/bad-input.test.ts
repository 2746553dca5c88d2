/** What users get wrong, with real processes: one clear line, the documented exit code, no hang. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { runCli } from '../support/cli-process.js';
import { exitsWith, IMPORTS_UNKNOWN, moduleFile, temporaryFolder } from '../support/modules.js';
import { KV } from '../support/replicas.js';

/** Runs `serve` and expects exactly one line of complaint. */
async function complaint(...args: string[]): Promise<{ code: number | null; line: string }> {
  const { code, errors, stdout } = await runCli(['serve', ...args]);
  expect(stdout).toBe('');
  expect(errors).toHaveLength(1);
  return { code, line: errors[0]! };
}

/** An address that another process (this one) listens on. */
async function takenAddress(): Promise<string> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

/** Flags of a primary that would start alone. */
const primaryFlags = (arbiter: string): string[] => [
  ...['--role', 'primary', '--log-listen', '127.0.0.1:0', '--arbiter', arbiter, '--min-backups', '0'],
];

describe('a module', () => {
  it('that does not exist is refused by name', async () => {
    const { code, line } = await complaint('--solo', '/no/such/guest.wasm');
    expect(line).toMatch(/^ft-wasm: .*\/no\/such\/guest\.wasm.* \[FTW_IO\]$/);
    expect(code).toBe(EXIT_CODES.io);
  });

  it('that is not WebAssembly is refused', async () => {
    const file = moduleFile(new TextEncoder().encode('#!/bin/sh\necho hello\n'));
    const { code, line } = await complaint('--solo', file);
    expect(line).toMatch(/^ft-wasm: .* \(at offset 0x0\) \[FTW_MALFORMED\]$/);
    expect(code).toBe(EXIT_CODES.refusedModule);
  });

  it('that is truncated is refused with an offset', async () => {
    const bytes = readFileSync(KV);
    const { code, line } = await complaint('--solo', moduleFile(bytes.subarray(0, bytes.length >> 1)));
    expect(line).toMatch(/^ft-wasm: .* \(at offset 0x[0-9a-f]+\) \[FTW_MALFORMED\]$/);
    expect(code).toBe(EXIT_CODES.refusedModule);
  });

  it('that wants an unknown import is refused by the name of the import', async () => {
    const { code, line } = await complaint('--solo', moduleFile(IMPORTS_UNKNOWN));
    expect(line).toMatch(/^ft-wasm: .*env\.launch_rocket.* \[FTW_LINK\]$/);
    expect(code).toBe(EXIT_CODES.refusedModule);
  });

  it('is refused by a pair just as well', async () => {
    const { code, errors } = await runCli(['serve', moduleFile(IMPORTS_UNKNOWN)]);
    expect(errors).toEqual([expect.stringMatching(/env\.launch_rocket.* \[FTW_LINK\]$/)]);
    expect(code).toBe(EXIT_CODES.refusedModule);
  });
});

describe('an address', () => {
  it('that is in use is named, for clients', async () => {
    const address = await takenAddress();
    const { code, line } = await complaint('--solo', '--tcplisten', address, KV);
    expect(line).toBe(`ft-wasm: cannot listen on ${address}: the port is in use by another process [FTW_IO]`);
    expect(code).toBe(EXIT_CODES.io);
  });

  it('that is in use is named, for the log', async () => {
    const address = await takenAddress();
    const flags = ['--role', 'primary', '--log-listen', address, '--arbiter', `file:${temporaryFolder()}/kv`];
    const { code, line } = await complaint(...flags, KV);
    expect(line).toBe(`ft-wasm: cannot listen on ${address}: the port is in use by another process [FTW_IO]`);
    expect(code).toBe(EXIT_CODES.io);
  });
});

describe('an arbiter', () => {
  it('in a directory that does not exist is refused', async () => {
    const { code, line } = await complaint(...primaryFlags('file:/no/such/directory/kv'), KV);
    expect(line).toMatch(/^ft-wasm: .*\/no\/such\/directory.* the directory does not exist.* \[FTW_ARBITER\]$/);
    expect(code).toBe(EXIT_CODES.arbiter);
  });

  it('in a directory that cannot be written is refused', async () => {
    // Nobody, not even root, can create files there.
    const { code, line } = await complaint(...primaryFlags('file:/proc/self/kv'), KV);
    expect(line).toMatch(/^ft-wasm: cannot read the arbiter's record in \/proc\/.* \[FTW_ARBITER\]$/);
    expect(code).toBe(EXIT_CODES.arbiter);
  });
});

describe('flags', () => {
  it('that do not go together are refused before anything is started', async () => {
    const { code, line } = await complaint('--role', 'backup', '--log-listen', '127.0.0.1:0', KV);
    expect(line).toBe('ft-wasm: --role backup needs --arbiter [FTW_USAGE]');
    expect(code).toBe(EXIT_CODES.usage);
  });

  it('behind the module and -- are the guest’s', async () => {
    const { code, errors } = await runCli(['serve', '--solo', moduleFile(exitsWith(3)), '--', '--role', 'nonsense']);
    expect({ code, errors }).toEqual({ code: 3, errors: [] });
  });
});
