/**
 * The toy service's language. A request is a line `KIND CLIENT.NUMBER PADDING`; a reply is `ORDINAL HASH COUNT`: how many
 * requests this connection has made, a hash over all of them, and how many requests the service has executed in all. A
 * client can compute the first two itself; the third never repeats and never goes back.
 */
export const RequestKind = {
  /** Is answered. */
  Ask: 'r',
  /** Is executed and not answered. */
  Silent: 's',
  /** Is answered; then the service closes the connection. */
  Quit: 'q',
  /** Is answered; then the service ends its side and goes on reading. */
  HalfClose: 'h',
} as const;
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind];

const HASH_START = 0x811c9dc5;

/** One connection's history, the same on both sides. */
export class Conversation {
  ordinal = 0;
  #hash = HASH_START;

  /** Takes a request line; what its reply must begin with. */
  take(line: string): string {
    this.ordinal++;
    let hash = Math.imul(this.#hash ^ line.length, 0x01000193);
    const step = 1 + (line.length >> 6);
    for (let at = 0; at < line.length; at += step) hash = Math.imul(hash ^ line.charCodeAt(at), 0x01000193);
    this.#hash = hash >>> 0;
    return `${this.ordinal} ${this.#hash.toString(16)} `;
  }
}

export function requestLine(kind: RequestKind, id: string, padding: number): string {
  return `${kind} ${id} ${'x'.repeat(padding)}`;
}

export function requestKind(line: string): RequestKind {
  return line[0] as RequestKind;
}

/** `CLIENT.NUMBER` of a request. */
export function requestId(line: string): string {
  return line.slice(2, line.indexOf(' ', 2));
}

export function textBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function bytesText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
