/**
 * ft-wasm as a library: run a WASI guest alone, as one replica of a replicated service, or as a pair of processes.
 *
 * ```ts
 * import { startPair } from 'ft-wasm';
 * const service = await startPair({ module: 'kv.wasm', tcplisten: ['127.0.0.1:6379'] });
 * const { exitCode } = await service.done;
 * ```
 */
export { DEFAULT_LIMITS, type EngineLimits } from './engine/engine.js';
export {
  ArbiterError,
  ChannelError,
  DecodeError,
  DivergenceError,
  ERROR_CODES,
  type ErrorCode,
  FtWasmError,
  LinkError,
  LogFormatError,
} from './errors.js';
export { EVENTS, type EventLevel, type EventName } from './replica/events.js';
export { EXIT_CODES } from './replica/exit-codes.js';
export type { DurableStatus, ReplicaStatus } from './runtime/control-link.js';
export { errorExitCode } from './runtime/error-exit-code.js';
export { describePlace } from './runtime/guest/places.js';
export type { GuestPlace, StateDigest } from './runtime/guest/protocol.js';
export { checkFile, type FileCheck } from './runtime/node/check-file.js';
export { requestSnapshot, requestStatus, requestSwitch } from './runtime/node/control.js';
export { type PairOptions, type PairService, startPair } from './runtime/node/pair.js';
export { type LogLine, openLog, type RecordedLog } from './runtime/node/read-log.js';
export { type SimulateOptions, simulateCrashes } from './runtime/node/simulate.js';
export { type GatewayOptions, type GatewayService, startGateway } from './runtime/node/start-gateway.js';
export { type ReplayOptions, startReplay } from './runtime/node/start-replay.js';
export { startReplica } from './runtime/node/start-replica.js';
export { type Run, type RunOptions, startRun } from './runtime/node/start-run.js';
export { type SnapshotOptions, type SnapshotResult, snapshotRecording } from './runtime/node/start-snapshot.js';
export { startSolo } from './runtime/node/start-solo.js';
export { type VerifyOptions, verifyRecording } from './runtime/node/verify-recording.js';
export type {
  DirectoryMount,
  GuestOptions,
  ReplicaOptions,
  Service,
  ServiceEvent,
  ServiceExit,
  ServiceStats,
  WritableLike,
} from './runtime/options.js';
export type { RunExit, RunStats } from './runtime/run-exit.js';
export type { CrashAt, CrashDifference, SweepReport } from './runtime/simulate/sweep.js';
export type { SnapshotInterval } from './runtime/snapshot-interval.js';
export { type Address, formatAddress, parseAddress } from './transport/address.js';
export type { EngineDifference, FoundInstruction, Verdict } from './verify/index.js';
