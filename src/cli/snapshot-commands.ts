/** Declares the commands that write snapshots and go on from them. */
import type { Command } from 'commander';
import { declareFlags } from './flags.js';
import type { RawRunFlags } from './run-options.js';
import {
  type RawSnapshotFlags,
  RESUME_FLAGS,
  SNAPSHOT_FLAGS,
  toResumeOptions,
  toSnapshotCommand,
} from './snapshot-options.js';
import type { CliProcess } from './streams.js';

export function declareSnapshotCommands(
  program: Command,
  process: CliProcess,
  setExitCode: (code: number) => void,
): void {
  declareSnapshot(program, process);
  declareResume(program, process, setExitCode);
}

function declareSnapshot(program: Command, process: CliProcess): void {
  const command = program
    .command('snapshot')
    .summary('write down the state of a running replica or a recorded run')
    .description(
      'Writes the whole state of a guest to a file, for `resume` and for `replay --from`: of a replica that runs, or of a ' +
        'recording, which is replayed to the first logged call or loop at or behind --at.',
    )
    .argument('[recording]', 'a file that `record` wrote')
    .action(async (recording: string | undefined, flags: RawSnapshotFlags) => {
      const { snapshot } = await import('./snapshot.js');
      await snapshot(toSnapshotCommand(recording, flags), flags.json ?? false, process);
    });
  declareFlags(command, SNAPSHOT_FLAGS);
}

function declareResume(program: Command, process: CliProcess, setExitCode: (code: number) => void): void {
  const command = program
    .command('resume')
    .summary('go on from a snapshot')
    .description(
      "Runs a guest on from a snapshot, live. Arguments, environment and private files are the snapshot's; connections of " +
        'clients that it had are reset.',
    )
    .argument('<snapshot>', 'a file that `snapshot` wrote')
    .argument('<guest.wasm>', 'the module of the guest')
    .action(async (file: string, module: string, flags: RawRunFlags) => {
      const { runGuest } = await import('./run-guest.js');
      setExitCode(await runGuest(toResumeOptions(file, module, flags, process.env), process));
    });
  declareFlags(command, RESUME_FLAGS);
}
