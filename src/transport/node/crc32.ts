/**
 * CRC-32 by Node's zlib (since 20.15), which is many times faster than JavaScript on anything but a handful of bytes.
 */
import { crc32 as zlibCrc32 } from 'node:zlib';
import type { Crc32 } from '../frame.js';

export const crc32: Crc32 = (bytes, seed = 0) => zlibCrc32(bytes, seed);
