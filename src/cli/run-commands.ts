/** Declares the commands that run one guest, or look at it, on this machine alone. */
import type { Command } from 'commander';
import { declareFlags } from './flags.js';
import { replay, runGuest } from './run-guest.js';
import {
  type RawReplayFlags,
  type RawRunFlags,
  RECORD_FLAGS,
  REPLAY_FLAGS,
  RUN_FLAGS,
  toRecordOptions,
  toReplayOptions,
  toRunOptions,
} from './run-options.js';
import type { CliProcess } from './streams.js';

type SetExitCode = (code: number) => void;

export function declareRunCommands(program: Command, process: CliProcess, setExitCode: SetExitCode): void {
  declareRun(program, process, setExitCode);
  declareRecord(program, process, setExitCode);
  declareReplay(program, process, setExitCode);
}

function declareRun(program: Command, process: CliProcess, setExitCode: SetExitCode): void {
  const command = program
    .command('run')
    .summary('run a WASI program')
    .description("Runs a WASI program on this machine alone. Its exit code is the command's; a trap is 134.")
    .argument('<guest.wasm>', 'the program, a WASI command module')
    .argument('[args...]', "the guest's arguments; flags after the module are the guest's")
    .passThroughOptions()
    .action(async (module: string, args: string[], flags: RawRunFlags) => {
      setExitCode(await runGuest(toRunOptions(module, args, flags, process.env), process));
    });
  declareFlags(command, RUN_FLAGS);
}

function declareRecord(program: Command, process: CliProcess, setExitCode: SetExitCode): void {
  const command = program
    .command('record')
    .summary('run a WASI program and record the run')
    .description('Runs a WASI program as `run` does, and records everything that was not deterministic.')
    .argument('<guest.wasm>', 'the program, a WASI command module')
    .argument('[args...]', "the guest's arguments; flags after the module are the guest's")
    .passThroughOptions()
    .action(async (module: string, args: string[], flags: RawRunFlags) => {
      setExitCode(await runGuest(toRecordOptions(module, args, flags, process.env), process));
    });
  declareFlags(command, RECORD_FLAGS);
}

function declareReplay(program: Command, process: CliProcess, setExitCode: SetExitCode): void {
  const command = program
    .command('replay')
    .summary('run a recording again')
    .description('Reproduces a recorded run: its output, its exit code, its digest; or says where it diverged (73).')
    .argument('<recording>', 'a file that `record` wrote')
    .action(async (recording: string, flags: RawReplayFlags) => {
      setExitCode(await replay(toReplayOptions(recording, flags), process));
    });
  declareFlags(command, REPLAY_FLAGS);
}
