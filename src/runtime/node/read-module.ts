import { open, readFile, stat } from 'node:fs/promises';
import { FtWasmError } from '../../errors.js';

/** Smaller modules are copied from thread to thread sooner than they are shared. */
const SHARED_BYTES = 1 << 20;

/** Reads a module; a large one into memory that threads share, so that none of them has a copy of its own. @throws FTW_IO */
export async function readModule(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    return size < SHARED_BYTES ? await readFile(path) : await readShared(path, size);
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code;
    const why = errno === 'ENOENT' ? 'there is no such file' : (cause as Error).message;
    throw new FtWasmError('FTW_IO', `cannot read the module ${path}: ${why}`, { path, errno }, { cause });
  }
}

async function readShared(path: string, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  const file = await open(path);
  try {
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(bytes, at, size - at, at);
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
