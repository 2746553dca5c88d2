/** Has what captures need made by another thread, for a guest's thread that never gets to its event loop. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { CaptureSupport, CodeAddress, MarkingCode } from '../../engine/engine.js';
import type { CaptureSource } from '../guest/ahead.js';
import type { MarkingSource } from '../guest/marking.js';
import type { GuestInit } from '../guest/protocol.js';
import type { CaptureAnswer, CaptureRequest, CaptureWorkerData } from './capture-worker.js';

/** A thread lives from the first request until nothing more is wanted; marked code that it has made is kept. */
export class CaptureThread implements CaptureSource {
  #port: MessagePort | undefined;
  #code: MarkingCode | null | undefined;
  #markingRequested = false;
  #made: (CaptureSupport | null)[] = [];

  constructor(private readonly init: Pick<GuestInit, 'module' | 'engine' | 'cacheDirectory'>) {}

  /** The other thing that it makes. */
  readonly marking: MarkingSource = {
    request: () => this.#requestMarking(),
    take: () => {
      this.#receive();
      return this.#code;
    },
  };

  request(address: CodeAddress, marked: boolean): void {
    this.#send({ address, marked });
  }

  take(): CaptureSupport | null | undefined {
    this.#receive();
    return this.#made.shift();
  }

  rest(): void {
    this.#receive();
    // A port that is closed here would tell the other thread from this one's event loop, which the guest keeps waiting.
    this.#port?.postMessage('end' satisfies CaptureRequest);
    this.#port = undefined;
    this.#made = [];
    this.#markingRequested = false;
  }

  #requestMarking(): void {
    if (this.#markingRequested || this.#code !== undefined) return;
    this.#markingRequested = true;
    this.#send('marking');
  }

  #send(request: CaptureRequest): void {
    this.#port ??= this.#start();
    this.#port.postMessage(request);
  }

  #start(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const { cacheDirectory, engine, module } = this.init;
    const workerData: CaptureWorkerData = { module, engine, port: port2, ...(cacheDirectory && { cacheDirectory }) };
    const worker = new Worker(new URL('./capture-worker.js', import.meta.url), { workerData, transferList: [port2] });
    // Neither keeps the guest's thread from ending, nor does a failure end it.
    worker.unref();
    port1.unref();
    worker.on('error', () => {});
    return port1;
  }

  #receive(): void {
    if (this.#port === undefined) return;
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      const answer = next.message as CaptureAnswer;
      if ('code' in answer) this.#code = answer.code;
      else this.#made.push(answer.made);
    }
  }
}
