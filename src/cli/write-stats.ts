/** `--stats FILE` of every command that runs a guest. */
import { writeFile } from 'node:fs/promises';
import { FtWasmError } from '../index.js';

/** Writes one JSON object. Throws FTW_IO. */
export async function writeStats(path: string, stats: object): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(stats)}\n`);
  } catch (cause) {
    throw new FtWasmError('FTW_IO', `cannot write the statistics: ${(cause as Error).message}`, { path }, { cause });
  }
}
