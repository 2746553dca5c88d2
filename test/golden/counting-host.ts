/** The imports of the golden guests: notes the counter at each call, answers as tools/guests/wasmtime-fuel.py does. */
import { GuestStop, type HostFunction, type HostImports } from '../../src/engine/engine.js';

type Handler = (...args: number[]) => number | undefined;

export class CountingHost implements HostImports {
  readonly counters: number[] = [];
  stdout = '';
  /** The guest's memory; set once it exists. */
  memory: () => DataView = () => {
    throw new Error('the guest has no memory yet');
  };
  readonly #argv: readonly Buffer[];

  constructor(argv: readonly string[]) {
    this.#argv = argv.map((arg) => Buffer.from(`${arg}\0`));
  }

  resolve(module: string, name: string): HostFunction | undefined {
    const handler = this.#handlers[module === 'host' ? `host.${name}` : name];
    if (handler === undefined) return undefined;
    return (...args: number[]) => {
      this.counters.push(args.pop()!);
      return handler(...args);
    };
  }

  readonly #handlers: Readonly<Record<string, Handler>> = {
    'host.call': (value) => value,
    'host.stop': (exitCode) => {
      throw new GuestStop({ kind: 'exited', exitCode: exitCode! });
    },
    args_sizes_get: (count, size) => {
      const total = this.#argv.reduce((sum, arg) => sum + arg.length, 0);
      this.memory().setUint32(count!, this.#argv.length, true);
      this.memory().setUint32(size!, total, true);
      return 0;
    },
    args_get: (argv, text) => this.#writeArgs(argv!, text!),
    fd_write: (_fd, vectors, length, written) => this.#write(vectors!, length!, written!),
    proc_exit: (exitCode) => {
      throw new GuestStop({ kind: 'exited', exitCode: exitCode! });
    },
  };

  #writeArgs(argv: number, text: number): number {
    const view = this.memory();
    for (const [index, arg] of this.#argv.entries()) {
      view.setUint32(argv + 4 * index, text, true);
      for (const byte of arg) view.setUint8(text++, byte);
    }
    return 0;
  }

  #write(vectors: number, length: number, written: number): number {
    const view = this.memory();
    let total = 0;
    for (let at = vectors; at < vectors + 8 * length; at += 8) {
      const size = view.getUint32(at + 4, true);
      this.stdout += Buffer.from(view.buffer, view.byteOffset + view.getUint32(at, true), size).toString();
      total += size;
    }
    view.setUint32(written, total, true);
    return 0;
  }
}
