/**
 * Real `ft-wasm` processes for tests: started from the build, watched through their log events, always cleaned up.
 * Tests wait for events and never for time; the deadline of a wait only turns a hang into a message.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const MAIN = path.join(ROOT, 'dist/cli/main.js');
const WAIT_MS = 40_000;

/** One line of the log. */
export type LogEvent = { readonly event: string; readonly id?: string } & Readonly<Record<string, unknown>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  /** Another Node.js to run it, with what its command line begins with. */
  readonly node?: readonly string[];
  /** Another copy of the command to run. */
  readonly main?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A network namespace to run in. */
  readonly namespace?: string;
}

const running = new Set<CliProcess>();

/** Kills whatever a test has left running, with all that it has started. */
afterEach(async () => {
  await Promise.all([...running].map((process) => process.destroy()));
});

export class CliProcess {
  readonly #child: ChildProcess;
  readonly #waiters = new Set<() => void>();
  readonly events: LogEvent[] = [];
  /** Lines on stderr that are not log events. */
  readonly errors: string[] = [];
  stdout = '';
  #partialLine = '';
  #exit: Exit | undefined;
  /** Resolves when the process has ended and its output has been read. */
  readonly exited: Promise<Exit>;

  private constructor(args: readonly string[], options: StartOptions) {
    // `ip` replaces itself by the command: the process id stays.
    const enter = options.namespace === undefined ? [] : ['ip', 'netns', 'exec', options.namespace];
    const [program, ...words] = [...enter, ...(options.node ?? [process.execPath]), options.main ?? MAIN, ...args];
    this.#child = spawn(program!, words, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that the cleanup reaches the replicas of a pair as well.
      detached: true,
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#onStdout(text));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#onStderr(text));
    this.exited = once(this.#child, 'close').then(([code, signal]) => {
      this.#exit = { code, signal };
      this.#wake();
      return this.#exit;
    });
    running.add(this);
  }

  /** Starts `ft-wasm` with `args`. */
  static start(args: readonly string[], options: StartOptions = {}): CliProcess {
    return new CliProcess(args, options);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first event of that name and with those fields, from number `since` on; waits for it if need be. */
  event(name: string, fields: Readonly<Record<string, unknown>> = {}, since = 0): Promise<LogEvent> {
    const matches = (event: LogEvent, index: number): boolean =>
      index >= since && event.event === name && Object.entries(fields).every(([key, value]) => event[key] === value);
    return this.#until(`event '${name}' ${JSON.stringify(fields)}`, () => this.events.find(matches));
  }

  has(name: string): boolean {
    return this.events.some(({ event }) => event === name);
  }

  /** Waits until the guest or the command has written `text` to stdout. */
  async output(text: string): Promise<void> {
    await this.#until(`output ${JSON.stringify(text)}`, () => this.stdout.includes(text) || undefined);
  }

  /** The first line on stderr, besides log events, that contains `text`; waits for it if need be. */
  complaint(text: string): Promise<string> {
    return this.#until(`complaint ${JSON.stringify(text)}`, () => this.errors.find((line) => line.includes(text)));
  }

  /** Waits for the end; a process that does not end is a hang. */
  async exit(): Promise<Exit> {
    return this.#until('the end', () => this.#exit);
  }

  /** Kills the process and all that it has started. */
  async destroy(): Promise<void> {
    running.delete(this);
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // The whole group has ended already.
    }
    await this.exited;
  }

  #until<T>(what: string, probe: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const value = probe();
        if (value !== undefined) finish(() => resolve(value));
        else if (this.#exit !== undefined) finish(() => reject(this.#missing(what, JSON.stringify(this.#exit))));
      };
      const finish = (settle: () => void): void => {
        clearTimeout(deadline);
        this.#waiters.delete(check);
        settle();
      };
      const deadline = setTimeout(() => finish(() => reject(this.#missing(what, 'still running'))), WAIT_MS);
      this.#waiters.add(check);
      check();
    });
  }

  #missing(what: string, state: string): Error {
    const log = [...this.events.map((event) => JSON.stringify(event)), ...this.errors].slice(-30).join('\n  ');
    return new Error(`waited in vain for ${what}; ${state}; its log:\n  ${log}`);
  }

  #onStdout(text: string): void {
    this.stdout += text;
    this.#wake();
  }

  #onStderr(text: string): void {
    const lines = (this.#partialLine + text).split('\n');
    this.#partialLine = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('{')) this.events.push(JSON.parse(line) as LogEvent);
      else this.errors.push(line);
    }
    this.#wake();
  }

  #wake(): void {
    for (const check of [...this.#waiters]) check();
  }
}

/** Runs `ft-wasm` to its end. */
export async function runCli(args: readonly string[], options: StartOptions = {}) {
  const process = CliProcess.start(args, options);
  const { code } = await process.exit();
  return { code, stdout: process.stdout, errors: process.errors, events: process.events };
}
