/**
 * Guesses which protocol a stream speaks from its first bytes, for the message that refuses it. A log port is an open
 * TCP port: health checks, browsers and clients with the wrong port will find it.
 */

interface Signature {
  readonly name: string;
  readonly matches: (text: string, bytes: Uint8Array) => boolean;
}

const SIGNATURES: readonly Signature[] = [
  { name: 'an HTTP/2 connection', matches: (text) => text.startsWith('PRI *') },
  {
    name: 'an HTTP request',
    matches: (text) => /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE) /.test(text),
  },
  { name: 'an HTTP response', matches: (text) => text.startsWith('HTTP/') },
  { name: 'a TLS handshake', matches: (_, bytes) => bytes[0] === 0x16 && (bytes.length < 2 || bytes[1] === 0x03) },
  { name: 'an SSH connection', matches: (text) => text.startsWith('SSH-') },
  { name: 'a Redis client', matches: (text) => /^(\*\d|\$\d|PING\r?\n|INFO\r?\n)/i.test(text) },
  { name: 'a Redis server', matches: (text) => /^[+-][A-Z]/.test(text) },
];

const SHOWN_BYTES_MAX = 16;

/** A phrase such as `this looks like an HTTP request (47 45 54 20, "GET ")`. */
export function describeForeign(bytes: Uint8Array): string {
  const head = bytes.subarray(0, SHOWN_BYTES_MAX);
  const text = String.fromCharCode(...head);
  const hex = Array.from(head, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const shown = `${hex}, ${JSON.stringify(text.replace(/[^\x20-\x7e]/g, '.'))}`;
  const signature = SIGNATURES.find(({ matches }) => matches(text, bytes));
  return signature === undefined ? `it starts with ${shown}` : `this looks like ${signature.name} (${shown})`;
}
