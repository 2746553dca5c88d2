/** Has marked code made by another thread, for a guest's thread that never gets to its event loop. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MarkingCode } from '../../engine/engine.js';
import type { MarkingSource } from '../guest/marking.js';
import type { GuestInit } from '../guest/protocol.js';
import type { MarkingAnswer, MarkingRequest } from './marking-worker.js';

export class MarkingThread implements MarkingSource {
  #port: MessagePort | undefined;
  #code: MarkingCode | null | undefined;

  constructor(private readonly init: Pick<GuestInit, 'module' | 'engine' | 'cacheDirectory'>) {}

  request(): void {
    if (this.#port !== undefined) return;
    const { port1, port2 } = new MessageChannel();
    const { cacheDirectory, engine, module } = this.init;
    const workerData: MarkingRequest = { module, engine, port: port2, ...(cacheDirectory && { cacheDirectory }) };
    const worker = new Worker(new URL('./marking-worker.js', import.meta.url), { workerData, transferList: [port2] });
    this.#port = port1;
    // Neither keeps the guest's thread from ending, nor does a failure end it.
    worker.unref();
    port1.unref();
    worker.on('error', () => {});
  }

  take(): MarkingCode | null | undefined {
    if (this.#code === undefined && this.#port !== undefined) {
      this.#code = (receiveMessageOnPort(this.#port)?.message as MarkingAnswer | undefined)?.code;
    }
    return this.#code;
  }
}
