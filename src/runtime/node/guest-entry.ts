/** Entry of the guest thread. What it loads is most of the program, so it says first where that is kept compiled. */
import { workerData } from 'node:worker_threads';
import type { GuestInit } from '../guest/protocol.js';
import { keepCompiledCode } from './compiled-code.js';

keepCompiledCode((workerData as GuestInit).cacheDirectory);
await import('./guest-worker.js');
