/** The operating system's entropy. */
import { randomBytes } from 'node:crypto';
import type { HostEntropy } from '../services.js';

export const nodeEntropy: HostEntropy = {
  // Copied into an array of its own: node's small buffers share one pool.
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
