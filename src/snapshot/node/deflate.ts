/** Compression of snapshots in files: deflate, at the level that costs least. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Compression } from '../index.js';

export const deflate: Compression = {
  compress: (bytes) => deflateRawSync(bytes, { level: 1 }),
  decompress: (bytes, rawBytes) => {
    const raw = inflateRawSync(bytes, { maxOutputLength: Math.max(rawBytes, 1) });
    return new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
  },
};
