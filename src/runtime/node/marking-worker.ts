/** Entry of a short-lived thread that makes marked code (`src/inject/marks.ts`), beside the guest that will go on in it. */
import { type MessagePort, workerData } from 'node:worker_threads';
import type { MarkingCode } from '../../engine/engine.js';
import type { GuestInit } from '../guest/protocol.js';
import { createEngine } from './engines.js';

/** What the thread is given. */
export interface MarkingRequest extends Pick<GuestInit, 'module' | 'engine' | 'cacheDirectory'> {
  readonly port: MessagePort;
}

/** What it answers, on the port. */
export interface MarkingAnswer {
  /** Null: it cannot be made. */
  readonly code: MarkingCode | null;
}

const { cacheDirectory, engine, module, port } = workerData as MarkingRequest;
const answer = (code: MarkingCode | null) => port.postMessage({ code } satisfies MarkingAnswer);

const made = createEngine(engine, cacheDirectory).marking?.(module) ?? Promise.resolve(null);
// A guest goes on without it, so whatever went wrong is no more than that.
made.then(answer, () => answer(null)).finally(() => port.close());
