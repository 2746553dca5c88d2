/** The kernels of guests/kernels on any engine: just enough WASI for them (args_*, fd_write, proc_exit, environ). */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Rows of guests/kernels/manifest.json with the bytes of their modules. */
export function loadKernels() {
  const { kernels } = JSON.parse(readFileSync(path.join(ROOT, 'guests/kernels/manifest.json'), 'utf8'));
  return kernels.map((kernel) => ({ ...kernel, bytes: readFileSync(path.join(ROOT, kernel.module)) }));
}

/** Thrown by proc_exit. */
export class KernelExit {
  constructor(code) {
    this.code = code;
  }
}

/**
 * Host functions of one run. `memory()` returns the guest's memory as {bytes, view}; `exit(code)` makes what is thrown
 * by proc_exit. The trailing counter that the engines pass is ignored.
 */
export function kernelHost(args, memory, exit = (code) => new KernelExit(code)) {
  const argv = args.map((text) => new TextEncoder().encode(`${text}\0`));
  const output = [];
  const sizes = (countAt, sizeAt) => {
    const { view } = memory();
    view.setUint32(countAt, argv.length, true);
    view.setUint32(
      sizeAt,
      argv.reduce((sum, text) => sum + text.length, 0),
      true,
    );
    return 0;
  };
  const get = (pointersAt, textAt) => {
    const { bytes, view } = memory();
    for (const [index, text] of argv.entries()) {
      view.setUint32(pointersAt + 4 * index, textAt, true);
      bytes.set(text, textAt);
      textAt += text.length;
    }
    return 0;
  };
  const write = (_fd, vectors, count, writtenAt) => {
    const { bytes, view } = memory();
    let written = 0;
    for (let i = 0; i < count; i++) {
      const at = view.getUint32(vectors + 8 * i, true);
      const length = view.getUint32(vectors + 8 * i + 4, true);
      output.push(...bytes.subarray(at, at + length));
      written += length;
    }
    view.setUint32(writtenAt, written, true);
    return 0;
  };
  const functions = {
    args_sizes_get: sizes,
    args_get: get,
    fd_write: write,
    environ_sizes_get: (countAt, sizeAt) => {
      memory().view.setUint32(countAt, 0, true);
      memory().view.setUint32(sizeAt, 0, true);
      return 0;
    },
    environ_get: () => 0,
    proc_exit: (code) => {
      throw exit(code);
    },
  };
  return { functions, text: () => new TextDecoder().decode(Uint8Array.from(output)) };
}

/** Arguments of a kernel's command line. */
export function commandLine(kernel, repeats) {
  return [kernel.name, ...kernel.args, String(repeats)];
}
