/** Messages between a pair's parent process and its replicas. */
import type { ErrorCode } from '../../errors.js';
import type { ReplicaOptions, ServiceEvent, ServiceExit, ServiceStats } from '../options.js';

export type ToReplica =
  | { readonly type: 'start'; readonly options: ReplicaOptions }
  | { readonly type: 'shutdown' }
  | { readonly type: 'stats' };

export type FromReplica =
  | { readonly type: 'started' }
  | {
      readonly type: 'start-failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Record<string, unknown>;
    }
  /** SIGTERM came to the replica: what that means depends on whether it came to the whole pair. */
  | { readonly type: 'terminated' }
  | { readonly type: 'event'; readonly event: ServiceEvent }
  | { readonly type: 'stats'; readonly stats: ServiceStats }
  | { readonly type: 'exit'; readonly exit: ServiceExit };
