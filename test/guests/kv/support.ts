import { fileURLToPath } from 'node:url';
import { FakeHost, type Script } from '../fake-host.js';

export const KV = fileURLToPath(new URL('../../../guests/kv/build/kv.wasm', import.meta.url));

/** Runs the server with a script; returns the host for a look at its calls. */
export function serve(script: Script, listeners = 1): FakeHost {
  const host = new FakeHost(KV, script, listeners);
  host.run();
  return host;
}

/** A request as an array of bulk strings; Latin-1 stands for bytes. */
export function request(...words: (string | number)[]): string {
  const bulks = words.map((word) => `$${String(word).length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulks.join('')}`;
}

/** Plays the commands and pauses of a session (see commands.test.ts) and returns it with the replies really given. */
export function transcript(text: string): string {
  const lines: string[] = [];
  serve(function* (host) {
    const connection = host.connect();
    for (const line of text.split('\n')) {
      const wait = /^\+ (\d+)ms$/.exec(line);
      if (wait) {
        host.advanceMs(Number(wait[1]));
        lines.push(line);
      } else if (line.startsWith('> ')) {
        connection.send(`${line.slice(2)}\r\n`);
        yield;
        lines.push(line, ...connection.received().split('\r\n').slice(0, -1));
      }
    }
  });
  return `${lines.join('\n')}\n`;
}

/** A number out of an INFO reply. */
export function infoField(info: string, name: string): number {
  const found = new RegExp(`^${name}:(\\d+)`, 'm').exec(info);
  if (found === null) throw new Error(`INFO has no ${name}`);
  return Number(found[1]);
}
