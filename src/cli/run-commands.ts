/** Declares the commands that run one guest, or look at it, on this machine alone. */
import type { Command } from 'commander';
import type { RawCheckFlags } from './check.js';
import { declareFlags } from './flags.js';
import { LOG_COMMAND_FLAGS, type RawLogFlags } from './log.js';
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
import { type RawVerifyFlags, VERIFY_FLAGS, verify } from './verify.js';

type SetExitCode = (code: number) => void;

export function declareRunCommands(program: Command, process: CliProcess, setExitCode: SetExitCode): void {
  declareRun(program, process, setExitCode);
  declareRecord(program, process, setExitCode);
  declareReplay(program, process, setExitCode);
  declareVerify(program, process, setExitCode);
  declareLog(program, process, setExitCode);
  declareCheck(program, process, setExitCode);
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
      const { runGuest } = await import('./run-guest.js');
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
      const { runGuest } = await import('./run-guest.js');
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
      const { replay } = await import('./run-guest.js');
      setExitCode(await replay(toReplayOptions(recording, flags, process.env), process));
    });
  declareFlags(command, REPLAY_FLAGS);
}

function declareVerify(program: Command, process: CliProcess, setExitCode: SetExitCode): void {
  const command = program
    .command('verify')
    .summary('run a recording on both engines and compare them')
    .description(
      'Replays a recording on both engines side by side and compares their states; where they differ, finds the first ' +
        'instruction that does. Ends with 0 if they agree, with 73 if not.',
    )
    .argument('<recording>', 'a file that `record` wrote')
    .action(async (recording: string, flags: RawVerifyFlags) => {
      setExitCode(await verify(recording, flags, process.env, process));
    });
  declareFlags(command, VERIFY_FLAGS);
}

function declareLog(program: Command, process: CliProcess, setExitCode: SetExitCode): void {
  const command = program
    .command('log')
    .summary('print the log of a recording')
    .description(
      'Prints the entries of a recording: position, call, class, size, arguments, and what was observed. A recording does not ' +
        'hold arguments: it is replayed for them.',
    )
    .argument('<recording>', 'a file that `record` wrote')
    .action(async (recording: string, flags: RawLogFlags) => {
      const { printLog } = await import('./log.js');
      setExitCode(await printLog(recording, flags, process.env, process));
    });
  declareFlags(command, LOG_COMMAND_FLAGS);
}

function declareCheck(program: Command, process: CliProcess, setExitCode: SetExitCode): void {
  program
    .command('check')
    .summary('say whether a module can be replicated')
    .description(
      'Lists what a module needs and every source of non-determinism in it; exit code 0 if it can be replicated, 71 if not.',
    )
    .argument('<guest.wasm>', 'the module')
    .option('--json', 'one JSON object')
    .action(async (module: string, flags: RawCheckFlags) => {
      const { check } = await import('./check.js');
      setExitCode(await check(module, flags, process));
    });
}
