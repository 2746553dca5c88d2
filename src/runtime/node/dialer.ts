/** Connects to addresses and looks up names for a guest. */
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import type { StreamId, Ticket } from '../../host/services.js';
import type { Answer, Question } from '../guest/protocol.js';

export interface DialerParts {
  /** Makes a connected socket a stream of the guest, as soon as streams can be numbered. */
  adopt(socket: net.Socket, adopted: (stream: StreamId) => void): void;
  answer(ticket: Ticket, answer: Answer): void;
}

export class Dialer {
  readonly #parts: DialerParts;
  /** Connections that are not established yet. */
  readonly #dialling = new Set<net.Socket>();

  constructor(parts: DialerParts) {
    this.#parts = parts;
  }

  ask(ticket: Ticket, question: Question): void {
    if (question.kind === 'connect') this.#connect(ticket, formatOctets(question.octets), question.port);
    else void this.#resolve(ticket, question.name);
  }

  close(): void {
    for (const socket of this.#dialling) socket.destroy();
  }

  #connect(ticket: Ticket, host: string, port: number): void {
    const socket = net.connect({ host, port, noDelay: true, allowHalfOpen: true });
    this.#dialling.add(socket);
    const fail = (error: NodeJS.ErrnoException): void => {
      this.#dialling.delete(socket);
      this.#parts.answer(ticket, { error: error.code ?? 'EIO' });
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      this.#dialling.delete(socket);
      socket.off('error', fail);
      this.#parts.adopt(socket, (stream) => this.#parts.answer(ticket, { stream }));
    });
  }

  async #resolve(ticket: Ticket, name: string): Promise<void> {
    try {
      const found = await lookup(name, { all: true });
      this.#parts.answer(ticket, { addresses: found.map(({ address }) => parseOctets(address)) });
    } catch (error) {
      this.#parts.answer(ticket, { error: (error as NodeJS.ErrnoException).code ?? 'EIO' });
    }
  }
}

/** Four octets or sixteen, as text. */
export function formatOctets(octets: readonly number[]): string {
  if (octets.length === 4) return octets.join('.');
  const words = [];
  for (let at = 0; at < octets.length; at += 2) words.push(((octets[at]! << 8) | octets[at + 1]!).toString(16));
  return words.join(':');
}

/** The reverse, for any form that a resolver prints. */
export function parseOctets(address: string): number[] {
  if (net.isIPv4(address)) return address.split('.').map(Number);
  const [head = '', tail] = withoutDots(address.replace(/%.*$/, '')).split('::');
  const left = words(head);
  const right = words(tail ?? '');
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...new Array<number>(gap).fill(0), ...right];
  return all.flatMap((word) => [word >> 8, word & 0xff]);
}

function words(text: string): number[] {
  return text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
}

/** `::ffff:1.2.3.4` as `::ffff:102:304`. */
function withoutDots(address: string): string {
  const dotted = /[\d.]+$/.exec(address)?.[0];
  if (dotted === undefined || !net.isIPv4(dotted)) return address;
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${address.slice(0, -dotted.length)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
