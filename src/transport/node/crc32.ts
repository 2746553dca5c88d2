/**
 * CRC-32 for channels. Node's own (zlib, since 20.15) is several times faster than JavaScript on long input, but a call
 * into it costs as much as a hundred bytes in JavaScript, and every frame has a short header to check.
 */
import { crc32 as zlibCrc32 } from 'node:zlib';
import { crc32 as portableCrc32 } from '../../bytes/crc32.js';
import type { Crc32 } from '../frame.js';

const PORTABLE_BYTES_MAX = 96;

export const crc32: Crc32 = (bytes, seed = 0) =>
  bytes.length <= PORTABLE_BYTES_MAX ? portableCrc32(bytes, 0, bytes.length, seed) : zlibCrc32(bytes, seed);
