/** From an arbiter's URL, as given on the command line, to the arbiter. */
import { FtWasmError } from '../../errors.js';
import type { Arbiter } from '../arbiter.js';
import { FileArbiter } from './file.js';

const USAGE = 'an arbiter is given as file:DIR/NAME, where DIR exists on storage that all replicas share';

/**
 * Opens nothing yet: errors of the directory come from the first use.
 * @param url `file:DIR/NAME`, also `file:///DIR/NAME`
 * @throws FtWasmError FTW_USAGE for an unknown scheme or a missing name
 */
export function openArbiter(url: string): Arbiter {
  const colon = url.indexOf(':');
  const scheme = colon < 0 ? '' : url.slice(0, colon);
  if (scheme !== 'file') {
    const what =
      colon < 0 ? `${JSON.stringify(url)} has no scheme` : `unknown arbiter scheme ${JSON.stringify(scheme)}`;
    throw new FtWasmError('FTW_USAGE', `${what}; ${USAGE}`, { url });
  }
  const path = url.slice(colon + 1).replace(/^\/\/(?=\/)/, '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (path.startsWith('//')) {
    throw new FtWasmError('FTW_USAGE', `${JSON.stringify(url)} names a host; ${USAGE}`, { url });
  }
  if (name === '' || name === '.' || name === '..') {
    throw new FtWasmError('FTW_USAGE', `${JSON.stringify(url)} names no record; ${USAGE}`, { url });
  }
  return new FileArbiter(path);
}
