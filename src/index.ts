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
export { describePlace } from './runtime/describe-place.js';
export { errorExitCode } from './runtime/error-exit-code.js';
export type { GuestPlace, StateDigest } from './runtime/guest/protocol.js';
export {
  checkFile,
  openLog,
  requestSnapshot,
  requestStatus,
  requestSwitch,
  simulateCrashes,
  snapshotRecording,
  startGateway,
  startPair,
  startReplay,
  startReplica,
  startRun,
  startSolo,
  verifyRecording,
} from './runtime/node/api.js';
export type { FileCheck } from './runtime/node/check-file.js';
export { keepCompiledCode } from './runtime/node/compiled-code.js';
export type { PairOptions, PairService } from './runtime/node/pair.js';
export type { LogLine, RecordedLog } from './runtime/node/read-log.js';
export type { ArgumentsOptions } from './runtime/node/replayed-arguments.js';
export type { SimulateOptions } from './runtime/node/simulate.js';
export type { GatewayOptions, GatewayService } from './runtime/node/start-gateway.js';
export type { ReplayOptions } from './runtime/node/start-replay.js';
export type { Run, RunOptions } from './runtime/node/start-run.js';
export type { SnapshotOptions, SnapshotResult } from './runtime/node/start-snapshot.js';
export type { VerifyOptions } from './runtime/node/verify-recording.js';
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
