/** A small client of the Redis protocol (RESP2) over one socket, for tests that care about single replies. */
import { once } from 'node:events';
import net from 'node:net';

export type Reply = string | number | null | Reply[] | Error;

export class RespClient {
  readonly #socket: net.Socket;
  readonly #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];
  #received = '';
  /** Resolves when the connection has ended, however it did. */
  readonly closed: Promise<void>;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text) => this.#onData(text as unknown as string));
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection was closed'));
    });
  }

  /** Connects to `host:port`. */
  static async connect(address: string): Promise<RespClient> {
    const at = address.lastIndexOf(':');
    const socket = net.connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
    await once(socket, 'connect');
    return new RespClient(socket);
  }

  /** Sends one command; rejects if the connection ends before its reply. */
  command(...words: (string | number)[]): Promise<Reply> {
    const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
    this.#socket.write(`*${words.length}\r\n${parts.join('')}`);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(text: string): void {
    this.#received += text;
    for (;;) {
      const parsed = parseReply(this.#received, 0);
      if (parsed === undefined) return;
      this.#received = this.#received.slice(parsed.end);
      this.#waiting.shift()?.resolve(parsed.reply);
    }
  }
}

function parseReply(text: string, at: number): { reply: Reply; end: number } | undefined {
  const newline = text.indexOf('\r\n', at);
  if (newline < 0) return undefined;
  const line = text.slice(at + 1, newline);
  const end = newline + 2;
  switch (text[at]) {
    case '+':
      return { reply: line, end };
    case '-':
      return { reply: new Error(line), end };
    case ':':
      return { reply: Number(line), end };
    case '$':
      return parseBulk(text, Number(line), end);
    case '*':
      return parseArray(text, Number(line), end);
    default:
      throw new Error(`not RESP: ${JSON.stringify(text.slice(at, at + 40))}`);
  }
}

function parseBulk(text: string, length: number, at: number): { reply: Reply; end: number } | undefined {
  if (length < 0) return { reply: null, end: at };
  if (text.length < at + length + 2) return undefined;
  return { reply: text.slice(at, at + length), end: at + length + 2 };
}

function parseArray(text: string, count: number, start: number): { reply: Reply; end: number } | undefined {
  const items: Reply[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const item = parseReply(text, at);
    if (item === undefined) return undefined;
    items.push(item.reply);
    at = item.end;
  }
  return { reply: items, end: at };
}
