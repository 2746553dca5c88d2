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

/**
 * Transcripts: lines that start with `> ` are commands, the lines after one are its reply with `\r\n` between them.
 * `+ 100ms` lets time pass. Returns the transcript as the server really answers.
 */
export function transcript(text: string): string {
  const out: string[] = [];
  serve(function* (host) {
    const connection = host.connect();
    for (const line of text.split('\n').map((l) => l.trim())) {
      const wait = /^\+ (\d+)ms$/.exec(line);
      if (wait) {
        host.advanceMs(Number(wait[1]));
        out.push(line);
      } else if (line.startsWith('> ')) {
        connection.send(`${line.slice(2)}\r\n`);
        yield;
        out.push(line, ...connection.received().split('\r\n').slice(0, -1));
      }
    }
  });
  return out.join('\n');
}

/** The transcript text without its indentation, for comparison. */
export function trimmed(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** A number out of an INFO reply. */
export function infoField(info: string, name: string): number {
  const found = new RegExp(`^${name}:(\\d+)`, 'm').exec(info);
  if (found === null) throw new Error(`INFO has no ${name}`);
  return Number(found[1]);
}
