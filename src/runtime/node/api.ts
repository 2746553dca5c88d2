/**
 * The functions of the public API. Each loads what it needs when it is called first: a program that runs one guest has no use
 * for gateways and replicas, and loading them takes longer than many a guest runs.
 */
import type { Verdict } from '../../verify/index.js';
import type { ReplicaStatus } from '../control-link.js';
import type { GuestOptions, ReplicaOptions, Service } from '../options.js';
import type { SweepReport } from '../simulate/sweep.js';
import type { FileCheck } from './check-file.js';
import type { PairOptions, PairService } from './pair.js';
import type { RecordedLog } from './read-log.js';
import type { SimulateOptions } from './simulate.js';
import type { GatewayOptions, GatewayService } from './start-gateway.js';
import type { ReplayOptions } from './start-replay.js';
import type { Run, RunOptions } from './start-run.js';
import type { SnapshotOptions, SnapshotResult } from './start-snapshot.js';
import type { VerifyOptions } from './verify-recording.js';

/** Says whether the module at `path` can be replicated. Rejects with DecodeError for one that is malformed, FTW_IO. */
export async function checkFile(path: string): Promise<FileCheck> {
  const module = await import('./check-file.js');
  return module.checkFile(path);
}

/** Asks the replica at log address `address` about itself. Rejects with FTW_CHANNEL if nobody answers. */
export async function requestStatus(address: string): Promise<ReplicaStatus> {
  const module = await import('./control.js');
  return module.requestStatus(address);
}

/**
 * Has the running replica at log address `address` write its state into file `output`. Rejects with FTW_HANDSHAKE if it gives
 * none, FTW_IO if the file cannot be written.
 */
export async function requestSnapshot(address: string, output: string): Promise<SnapshotResult> {
  const module = await import('./control.js');
  return module.requestSnapshot(address, output);
}

/**
 * Tells the primary at log address `address` to hand over to its backup and to stop; resolves when it has. Rejects with
 * FTW_HANDSHAKE if it is not a primary, has no backup, or stopped without one.
 */
export async function requestSwitch(address: string): Promise<{ successor: string; reason: string }> {
  const module = await import('./control.js');
  return module.requestSwitch(address);
}

/** Starts both replicas; resolves once the backup has joined. Rejects if either cannot start. */
export async function startPair(options: PairOptions): Promise<PairService> {
  const module = await import('./pair.js');
  return module.startPair(options);
}

/** Looks through the whole file first. Rejects with LogFormatError or FTW_IO; so does reading the lines. */
export async function openLog(path: string): Promise<RecordedLog> {
  const module = await import('./read-log.js');
  return module.openLog(path);
}

/**
 * Runs `script` against the guest in this process: once undisturbed, then once for each crash of the primary. Rejects if the
 * module, a directory or the script cannot be used, or if the undisturbed run fails.
 */
export async function simulateCrashes(options: SimulateOptions): Promise<SweepReport> {
  const module = await import('./simulate.js');
  return module.simulateCrashes(options);
}

/** Starts a gateway. Rejects with FTW_USAGE or FTW_IO; replicas may come later. */
export async function startGateway(options: GatewayOptions): Promise<GatewayService> {
  const module = await import('./start-gateway.js');
  return module.startGateway(options);
}

/** Starts a replay. Rejects if recording or module cannot be used, or do not belong together (FTW_DIVERGENCE). */
export async function startReplay(options: ReplayOptions): Promise<Run> {
  const module = await import('./start-replay.js');
  return module.startReplay(options);
}

/**
 * Starts a primary, a backup or a standby. Rejects if the module, an address or the arbiter cannot be used; later trouble
 * shows in events and in `done`.
 */
export async function startReplica(options: ReplicaOptions): Promise<Service> {
  const module = await import('./start-replica.js');
  return module.startReplica(options);
}

/** Starts `options.module`. Rejects if the module, an address or the recording cannot be used. */
export async function startRun(options: RunOptions): Promise<Run> {
  const module = await import('./start-run.js');
  return module.startRun(options);
}

/**
 * Replays a recording to a place and writes down the guest's state there. Rejects with FTW_SNAPSHOT if the guest ends before,
 * FTW_DIVERGENCE if the replay diverges, FTW_IO if the file cannot be written.
 */
export async function snapshotRecording(options: SnapshotOptions): Promise<SnapshotResult> {
  const module = await import('./start-snapshot.js');
  return module.snapshotRecording(options);
}

/** Starts `options.module` on this machine alone. Rejects if the module or an address cannot be used. */
export async function startSolo(options: GuestOptions): Promise<Service> {
  const module = await import('./start-solo.js');
  return module.startSolo(options);
}

/**
 * Replays a recording on both engines and compares them. Rejects if recording or module cannot be used (FTW_DIVERGENCE if
 * they do not belong together), and with FTW_UNSUPPORTED for a module that one of the engines does not run or capture.
 */
export async function verifyRecording(options: VerifyOptions): Promise<Verdict> {
  const module = await import('./verify-recording.js');
  return module.verifyRecording(options);
}
