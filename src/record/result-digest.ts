/**
 * Logged results in the running digest: an entry whose result was changed is found at that very entry. A call's results are
 * all of one kind (its row checks that), so only values of the same kind must be told apart.
 */
import type { Digest } from '../bytes/digest.js';
import type { LoggedValue } from '../log/entry.js';

const TAG = { NULL: 1, FALSE: 2, TRUE: 3, STRING: 4, ARRAY: 5 } as const;
const HIGH_WORD = 2 ** 32;

export function digestResult(digest: Digest, value: LoggedValue): void {
  if (typeof value === 'number') {
    digest.update(value);
    digest.update(Math.floor(value / HIGH_WORD));
  } else if (typeof value === 'bigint') {
    digest.updateBigInt(value);
  } else if (value instanceof Uint8Array) {
    digest.updateBytes(value);
  } else if (typeof value === 'string') {
    digestText(digest, value);
  } else if (typeof value === 'object' && value !== null) {
    digest.update(TAG.ARRAY);
    digest.update(value.length);
    for (const item of value) digestResult(digest, item);
  } else {
    digest.update(value === null ? TAG.NULL : value ? TAG.TRUE : TAG.FALSE);
  }
}

function digestText(digest: Digest, text: string): void {
  digest.update(TAG.STRING);
  digest.update(text.length);
  for (let at = 0; at < text.length; at++) digest.update(text.charCodeAt(at));
}
