/**
 * Network addresses as users write them: `HOST:PORT`, `[IPv6]:PORT` and `:PORT`.
 */
import { FtWasmError } from '../errors.js';

/** A TCP or UDP endpoint. An empty `host` means "every interface" to a listener and "this machine" to a dialer. */
export interface Address {
  readonly host: string;
  /** 0 to 65535; 0 lets a listener choose a free port. */
  readonly port: number;
}

const PORT_MAX = 65535;
/** What a host may look like: a name or IPv4 address (no colon), or an IPv6 address in brackets. */
const PATTERN = /^(?:\[([^\]]*)\]|([^:[\]\s]*)):(\d+)$/;

/**
 * Parses `HOST:PORT`, `[::1]:PORT` or `:PORT`. `what` names the option in the message.
 * @throws FtWasmError FTW_USAGE saying what is wrong and what is accepted.
 */
export function parseAddress(text: string, what = 'address'): Address {
  const match = PATTERN.exec(text);
  if (match === null) throw usage(what, text, explain(text));
  const bracketed = match[1];
  if (bracketed !== undefined && !isIpv6(bracketed)) throw usage(what, text, `'${bracketed}' is not an IPv6 address`);
  const port = Number(match[3]);
  if (port > PORT_MAX) throw usage(what, text, `port ${match[3]} is above ${PORT_MAX}`);
  return { host: bracketed ?? match[2] ?? '', port };
}

/** Parses a comma-separated list of addresses; an empty item is an error. */
export function parseAddressList(text: string, what = 'address list'): Address[] {
  return text.split(',').map((item) => parseAddress(item.trim(), what));
}

/** The inverse of {@link parseAddress}: IPv6 hosts get their brackets back. */
export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

function usage(what: string, text: string, reason: string): FtWasmError {
  return new FtWasmError(
    'FTW_USAGE',
    `${what} '${text}' is not an address: ${reason}; expected HOST:PORT, [IPV6]:PORT or :PORT, such as 127.0.0.1:7000`,
    { option: what, value: text },
  );
}

function explain(text: string): string {
  if (text === '') return 'it is empty';
  if (/\s/.test(text)) return 'it contains white space';
  if (text.startsWith('[')) return text.includes(']') ? 'no :PORT follows the bracket' : "the ']' is missing";
  const colons = text.split(':').length - 1;
  if (colons === 0) return 'the :PORT is missing';
  if (colons > 1) return 'an IPv6 host needs brackets';
  return `'${text.slice(text.indexOf(':') + 1)}' is not a port number`;
}

/** A shape check that catches typing mistakes; the socket layer has the last word. */
function isIpv6(host: string): boolean {
  return host.includes(':') && /^[0-9a-fA-F:.]+(%[\w.-]+)?$/.test(host);
}
