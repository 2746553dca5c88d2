/** The command line: arguments in, exit code out. Never throws and never ends the process. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { FtWasmError } from '../index.js';
import { type RawCacheFlags, toCacheOptions } from './cache-flags.js';
import { errorText, exitCodeOf } from './exit-code.js';
import { declareFlags } from './flags.js';
import { GATEWAY_FLAGS, type RawGatewayFlags, toGatewayOptions } from './gateway-options.js';
import { ownFlagsFirst } from './own-flags.js';
import { declareRunCommands } from './run-commands.js';
import { type RawServeFlags, SERVE_FLAGS } from './serve-flags.js';
import { toServeOptions } from './serve-options.js';
import { type RawSimulateFlags, SIMULATE_FLAGS, toSimulateOptions } from './simulate-options.js';
import { declareSnapshotCommands } from './snapshot-commands.js';
import type { CliProcess } from './streams.js';

/** Runs `ft-wasm` with `args` (without node and script) and returns its exit code. */
export async function run(args: readonly string[], process: CliProcess): Promise<number> {
  let exitCode = 0;
  const program = createProgram(process, (code) => {
    exitCode = code;
  });
  try {
    const [command, ...words] = args;
    const ordered = command === 'serve' ? [command, ...ownFlagsFirst(words, SERVE_FLAGS)] : args;
    await program.parseAsync(ordered, { from: 'user' });
    return exitCode;
  } catch (caught) {
    const error = caught instanceof CommanderError ? fromCommander(caught) : caught;
    if (error === undefined) return 0;
    process.stderr.write(errorText(error));
    return exitCodeOf(error);
  }
}

function createProgram(process: CliProcess, setExitCode: (code: number) => void): Command {
  const program = new Command('ft-wasm');
  program
    .description('Keeps an unmodified WebAssembly service alive when its machine dies.')
    .version(packageVersion())
    // What follows the module belongs to the guest.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => process.stdout.write(text),
      // Mistakes are reported once, by run().
      writeErr: () => {},
    });
  declareServe(program, process, setExitCode);
  declareGateway(program, process, setExitCode);
  declareControl(program, process, setExitCode);
  declareRunCommands(program, process, setExitCode);
  declareSnapshotCommands(program, process, setExitCode);
  declareSimulate(program, process, setExitCode);
  return program;
}

function declareServe(program: Command, process: CliProcess, setExitCode: (code: number) => void): void {
  const command = program
    .command('serve')
    .summary('run a WASI service, replicated')
    .description('Runs a WASI service as one replica of a pair, or as a whole pair on this machine.')
    .argument('<guest.wasm>', 'the service, a WASI preview1 command module')
    .argument(
      '[args...]',
      "the guest's arguments, from the first word behind the module that is no flag of serve, or behind --",
    )
    .passThroughOptions()
    .action(async (module: string, args: string[], flags: RawServeFlags & RawCacheFlags) => {
      const { guest, ...rest } = toServeOptions(module, args, flags, process.env);
      const options = { ...rest, guest: { ...guest, ...toCacheOptions(flags, process.env) } };
      const { serve } = await import('./serve.js');
      setExitCode(await serve(options, process));
    });
  declareFlags(command, SERVE_FLAGS);
}

function declareGateway(program: Command, process: CliProcess, setExitCode: (code: number) => void): void {
  const command = program
    .command('gateway')
    .summary("keep clients' connections across failovers")
    .description('Takes connections of clients and carries them to whichever replica is live.')
    .action(async (flags: RawGatewayFlags) => {
      const { gateway } = await import('./gateway.js');
      setExitCode(await gateway(toGatewayOptions(flags), process));
    });
  declareFlags(command, GATEWAY_FLAGS);
}

function declareControl(program: Command, process: CliProcess, setExitCode: (code: number) => void): void {
  const address = "the replica's --log-listen address";
  const json = 'print JSON';
  program
    .command('status')
    .summary('ask replicas about themselves')
    .argument('<host:port...>', address)
    .option('--json', json)
    .action(async (addresses: string[], { json = false }: { json?: boolean }) => {
      const { status } = await import('./control.js');
      setExitCode(await status(addresses, json, process));
    });
  program
    .command('switch')
    .summary('let the primary hand over to its backup and stop')
    .argument('<host:port>', address)
    .option('--json', json)
    .action(async (at: string, { json = false }: { json?: boolean }) => {
      const { switchOver } = await import('./control.js');
      await switchOver(at, json, process);
    });
}

function declareSimulate(program: Command, process: CliProcess, setExitCode: (code: number) => void): void {
  const command = program
    .command('simulate')
    .summary('kill a simulated primary at chosen places and compare what clients see')
    .description(
      'Runs a session of scripted clients once undisturbed, then once for each chosen death of the primary, all in this ' +
        'process. Ends with 0 if every client was sent the same bytes every time, with 1 otherwise.',
    )
    .argument('<guest.wasm>', 'the service, a WASI preview1 command module')
    .argument('[args...]', "the guest's arguments, behind --")
    .action(async (module: string, args: string[], flags: RawSimulateFlags) => {
      const { simulate } = await import('./simulate.js');
      setExitCode(await simulate(toSimulateOptions(module, args, flags, process.env), process));
    });
  declareFlags(command, SIMULATE_FLAGS);
}

/** Commander's own mistakes as ours; undefined for help and version, which are none. */
function fromCommander(error: CommanderError): FtWasmError | undefined {
  if (error.exitCode === 0) return undefined;
  if (error.code === 'commander.help') {
    return new FtWasmError('FTW_USAGE', "a command is missing; try 'ft-wasm serve GUEST.wasm' or 'ft-wasm --help'");
  }
  const what = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  return new FtWasmError('FTW_USAGE', `${what}; see 'ft-wasm --help'`);
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
