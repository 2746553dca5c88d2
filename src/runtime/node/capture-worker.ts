/** Entry of a short-lived thread that makes what captures of a guest need, beside it: it ends when it is told to. */
import { type MessagePort, workerData } from 'node:worker_threads';
import type { CaptureSupport, CodeAddress, MarkingCode } from '../../engine/engine.js';
import type { GuestInit } from '../guest/protocol.js';
import { createEngine } from './engines.js';

/** What the thread is given. */
export interface CaptureWorkerData extends Pick<GuestInit, 'module' | 'engine' | 'cacheDirectory'> {
  readonly port: MessagePort;
}

/** What it is asked on the port: marked code (`src/inject/marks.ts`), what a capture there needs, or to end. */
export type CaptureRequest = 'marking' | 'end' | { readonly address: CodeAddress; readonly marked: boolean };

/** What it answers, in any order. Null: it cannot be made. */
export type CaptureAnswer = { readonly code: MarkingCode | null } | { readonly made: CaptureSupport | null };

const { cacheDirectory, engine: name, module, port } = workerData as CaptureWorkerData;
const engine = createEngine(name, cacheDirectory);
const maker = engine.then((made) => made.captureMaker?.(module));

async function answer(request: Exclude<CaptureRequest, 'end'>): Promise<CaptureAnswer> {
  if (request === 'marking') return { code: (await (await engine).marking?.(module)) ?? null };
  return { made: (await maker)?.make(request.address, request.marked) ?? null };
}

port.on('message', (request: CaptureRequest) => {
  if (request === 'end') return port.close();
  // A guest goes on without it, so whatever went wrong is no more than that.
  const none: CaptureAnswer = request === 'marking' ? { code: null } : { made: null };
  answer(request).then(
    (made) => port.postMessage(made),
    () => port.postMessage(none),
  );
});
maker.catch(() => {});
